package gateway

import (
	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/returns"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/stage"
	"github.com/regie-live/regie/gateway/turn"
)

func (w *wiring) listenTURN() error {
	at := w.config.TURN.Address
	if !at.On() || w.net == nil {
		return nil
	}
	var err error
	w.turn, err = turn.Listen(turn.Options{
		Address: string(at), Port: w.net, PublicHosts: w.config.WebRTC.PublicHosts,
		Logger: w.log, Metrics: turn.NewMetrics(w.reg),
	})
	if err != nil {
		return hint(err, "turn.address")
	}
	w.addrs.TURN = w.turn.Addr().String()
	w.add("turn", untilDone(w.turn.Close), func() { _ = w.turn.Close() })
	return nil
}

// iceServers are those of the configuration.
func iceServers(declared []config.ICEServer) []show.ICEServer {
	servers := []show.ICEServer{}
	for _, s := range declared {
		servers = append(servers, show.ICEServer{URLs: []string{s.URL}, Username: s.Username, Credential: s.Credential.Reveal()})
	}
	return servers
}

// iceServersFor are what somebody on stage or at its desk may use, with credentials
// of their own. The caller knows that they may.
func (w *wiring) iceServersFor(session show.SessionID, id show.ParticipantID) []show.ICEServer {
	servers := iceServers(w.config.WebRTC.ICEServers)
	if w.turn != nil {
		servers = append(servers, w.turn.ICEServers(relayName(session, id))...)
	}
	return servers
}

// relayName names a person to TURN.
func relayName(session show.SessionID, id show.ParticipantID) string {
	return string(session) + "/" + string(id)
}

// relayed is a return feed whose people lose TURN too when they are removed.
func (w *wiring) relayed(session show.SessionID, feed *returns.Feed) stage.Returns {
	if w.turn == nil {
		return feed
	}
	return revoking{feed, func(id show.ParticipantID) { w.turn.Revoke(relayName(session, id)) }}
}

type revoking struct {
	*returns.Feed
	revoke func(show.ParticipantID)
}

func (r revoking) Remove(id show.ParticipantID, cause error) {
	r.revoke(id)
	r.Feed.Remove(id, cause)
}
