package wish

import (
	"errors"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/internal/sdpfrag"
	"github.com/regie-live/regie/gateway/rtc"
)

// Of makes a Session of a peer.
func Of(p *rtc.Peer) Session { return peerSession{p} }

type peerSession struct{ peer *rtc.Peer }

func (s peerSession) ETag() string { return s.peer.ETag() }
func (s peerSession) Leave()       { s.peer.Close(rtc.ErrLeft) }

func (s peerSession) Patch(f sdpfrag.Fragment, match string) (*sdpfrag.Fragment, error) {
	reply, err := s.peer.Patch(f, match)
	if errors.Is(err, rtc.ErrStaleETag) {
		return nil, &Problem{Status: http.StatusPreconditionFailed, Detail: "If-Match names an earlier ICE session; take the ETag of the last answer. The session goes on"}
	}
	if err != nil {
		return nil, Refused(err)
	}
	return reply, nil
}

// Refused puts an error of package rtc into HTTP's words.
func Refused(err error) error {
	var bad *rtc.OfferError
	var full *rtc.FullError
	switch {
	case errors.As(err, &bad):
		p := &Problem{Status: http.StatusUnprocessableEntity, Detail: bad.Error()}
		if bad.Malformed {
			p.Status = http.StatusBadRequest
		}
		if bad.Codecs != "" {
			p.Detail += " (offered: " + bad.Codecs + ")"
		}
		return p
	case errors.As(err, &full):
		return &Problem{Status: http.StatusServiceUnavailable, Detail: full.Error() + "; try again later", RetryAfter: full.RetryAfter}
	case errors.Is(err, rtc.ErrClosed):
		return &Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: 5 * time.Second}
	}
	return err
}
