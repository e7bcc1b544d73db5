package events

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// writeDelay gathers what a busy room says into fewer, larger writes to the many
// who only listen.
const (
	writeDelay = 150 * time.Millisecond
	inOneWrite = 64
)

// Why a socket ends. A page comes again by itself after codes below 4500.
var (
	rightsChanged = centrifuge.Disconnect{Code: 4000, Reason: "your rights have changed; connect again"}
	unknownHere   = centrifuge.Disconnect{Code: 4500, Reason: "you are not signed in here, or not any more; sign in or use your invite"}
)

type requestKey struct{}

// Handler answers for /api/v1/events.
func (h *Hub) Handler() http.Handler { return http.HandlerFunc(h.serve) }

func (h *Hub) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		problem.Write(w, problem.Problem{
			Status: http.StatusUpgradeRequired,
			Title:  "Events come over a websocket",
			Detail: "Connect with a centrifuge client (npm centrifuge 5.8.0), or ask /api/v1/sessions/{id}/desk for the same state.",
		})
		return
	}
	if !sameOrigin(r) {
		problem.Write(w, problem.Problem{
			Status: http.StatusForbidden,
			Title:  "This page is of another site",
			Detail: "Events are for pages of this appliance. A proxy in front must pass the Host header on.",
		})
		return
	}
	select {
	case <-h.node.NotifyShutdown(): // centrifuge would keep the connection for some seconds
		w.Header().Set("Retry-After", "5")
		problem.Write(w, problem.Problem{
			Status: http.StatusServiceUnavailable,
			Title:  "The appliance is stopping",
			Detail: "Connect again in a moment.",
		})
		return
	default:
	}
	ctx := context.WithValue(r.Context(), requestKey{}, r)
	h.socket.ServeHTTP(hijackable{w}, r.WithContext(ctx))
}

// sameOrigin lets in pages of ours, and programs, which send no Origin.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// hijackable finds the connection beneath the writers that count and log.
type hijackable struct{ http.ResponseWriter }

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// ask says whose a socket is now.
func (h *Hub) ask(ctx context.Context) show.Principal {
	r, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok {
		return show.Principal{}
	}
	return h.o.Who(r.WithContext(ctx))
}

func (h *Hub) askAgainAt() int64 { return time.Now().Add(h.o.AskAgain).Unix() }

func (h *Hub) connecting(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	who := h.ask(ctx)
	reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: userOf(who), ExpireAt: h.askAgainAt()}}
	if isStranger(who) {
		reply.WriteDelay, reply.WriteWithTimer = writeDelay, true
		reply.MaxMessagesInFrame, reply.ReplyWithoutQueue = inOneWrite, true
	}
	return reply, nil
}

func (h *Hub) connected(c *centrifuge.Client) {
	h.metrics.connections.Inc()
	var chats atomic.Bool
	c.OnDisconnect(func(e centrifuge.DisconnectEvent) {
		h.metrics.connections.Dec()
		h.metrics.disconnects.WithLabelValues(reasonOf(e.Code)).Inc()
		if chats.Load() && reasonOf(e.Code) == slow {
			h.metrics.slowConsumers.Inc()
		}
	})
	c.OnRefresh(func(_ centrifuge.RefreshEvent, done centrifuge.RefreshCallback) {
		done(centrifuge.RefreshReply{Expired: !h.stillIs(c), ExpireAt: h.askAgainAt()}, nil)
	})
	c.OnSubscribe(func(e centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		ch, ok := parseChannel(e.Channel)
		isMap := e.Type == centrifuge.SubscriptionTypeMap
		who := h.ask(c.Context())
		switch {
		case !ok:
			done(centrifuge.SubscribeReply{}, centrifuge.ErrorUnknownChannel)
		case !h.mayRead(who, ch) && !ch.kind.isPublic() && ch.kind != meKind && isStranger(who):
			done(centrifuge.SubscribeReply{}, unknownHere)
		case !h.mayRead(who, ch):
			done(centrifuge.SubscribeReply{}, centrifuge.ErrorPermissionDenied)
		case isMap != ch.kind.isMap(), !isMap && e.Type != centrifuge.SubscriptionTypeStream:
			done(centrifuge.SubscribeReply{}, centrifuge.ErrorBadRequest)
		default:
			if ch.kind == roomKind {
				chats.Store(true)
			}
			done(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{Type: e.Type, EnableRecovery: true}}, nil)
		}
	})
	c.OnHistory(func(e centrifuge.HistoryEvent, done centrifuge.HistoryCallback) {
		if !c.IsSubscribed(e.Channel) {
			done(centrifuge.HistoryReply{}, centrifuge.ErrorPermissionDenied)
			return
		}
		done(centrifuge.HistoryReply{}, nil)
	})
	// Rights that went while it connected: Kick did not see it yet.
	if userOf(h.ask(c.Context())) != c.UserID() {
		c.Disconnect(rightsChanged)
	}
}

// isStranger: nobody whom a stage or its moderators know.
func isStranger(p show.Principal) bool {
	return p.Kind == show.Anonymous || p.Kind == show.Visitor
}

// stillIs asks again whose a socket is, and leaves it only what they may hear.
func (h *Hub) stillIs(c *centrifuge.Client) bool {
	who := h.ask(c.Context())
	if userOf(who) != c.UserID() {
		return false
	}
	for _, name := range c.Channels() {
		if ch, ok := parseChannel(name); !ok || !h.mayRead(who, ch) {
			c.Unsubscribe(name)
		}
	}
	return true
}
