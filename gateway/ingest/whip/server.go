package whip

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
)

// Door is where publishers come in; an *ingest.Door.
type Door interface {
	Admit(ingest.Offer) (*ingest.Publisher, error)
	Refuse(ingest.Offer, *ingest.Refusal)
}

// Options of a Server.
type Options struct {
	Door Door
	Net  *rtc.Net
	// BasePath is the endpoint's path as clients see it. Default "/whip".
	BasePath string
	// MediaTimeout ends a publisher that sends no media for so long, at the start
	// (counted from its connection) or later. Default 15 s.
	MediaTimeout time.Duration
	Logger       *slog.Logger // default: no log
}

// Server is the WHIP endpoint and its sessions: an http.Handler for BasePath and
// everything below.
type Server struct {
	opts     Options
	endpoint *wish.Endpoint

	wg sync.WaitGroup // publishers

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

// New makes a Server.
func New(o Options) *Server {
	if o.BasePath == "" {
		o.BasePath = "/whip"
	}
	if o.MediaTimeout == 0 {
		o.MediaTimeout = 15 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{opts: o, conns: map[*conn]struct{}{}}
	s.endpoint = wish.NewEndpoint(o.BasePath, o.Net.Links(), s.publish)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.endpoint.ServeHTTP(w, r) }

// Close ends every publisher and waits for them; new ones are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.end(ingest.ErrStopping)
	}
	s.wg.Wait()
}

// publish answers an offer: the start of a wish.Session.
func (s *Server) publish(o wish.Offer) (wish.Session, string, error) {
	c := &conn{server: s, id: o.ID}
	offer := ingest.Offer{
		Protocol:        ingest.WHIP,
		Key:             show.StreamKey(o.Bearer),
		Remote:          o.Remote,
		RequestKeyframe: c.requestKeyframe,
		Disconnect:      c.end,
	}
	read, err := rtc.ReadOffer(o.SDP, rtc.Publisher)
	if err != nil {
		s.opts.Door.Refuse(offer, refusal(err))
		return nil, "", wish.Refused(err)
	}
	if o.Bearer == "" {
		return nil, "", s.refuse(offer, &ingest.Refusal{
			Outcome: ingest.BadKey, Reason: "the request has no stream key",
			Hint: "send it as `Authorization: Bearer KEY` (OBS: Bearer Token)",
		})
	}
	if !s.enter(c) {
		return nil, "", s.refuse(offer, ingest.EndedByUs(ingest.ErrStopping))
	}
	if c.publisher, err = s.opts.Door.Admit(offer); err != nil {
		s.leave(c)
		return nil, "", asProblem(err)
	}
	answer, err := c.open(read, o)
	if err != nil {
		c.publisher.Close(refusal(err))
		s.leave(c)
		return nil, "", wish.Refused(err)
	}
	return wish.Of(c.peer), answer, nil
}

func (s *Server) refuse(o ingest.Offer, r *ingest.Refusal) error {
	s.opts.Door.Refuse(o, r)
	return asProblem(r)
}

func (s *Server) enter(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.wg.Done()
}

// refusal puts an error of package rtc into the words of ingest.
func refusal(err error) *ingest.Refusal {
	var bad *rtc.OfferError
	switch {
	case errors.As(err, &bad) && bad.Codecs != "":
		return &ingest.Refusal{Outcome: ingest.UnsupportedCodec, Reason: bad.Reason + ", which has " + bad.Codecs, Hint: bad.Hint}
	case errors.As(err, &bad):
		return &ingest.Refusal{Outcome: ingest.BadRequest, Reason: bad.Reason, Hint: bad.Hint}
	}
	return &ingest.Refusal{Outcome: ingest.Unavailable, Reason: err.Error(), Hint: "try again in a few seconds"}
}

// asProblem puts a refusal of ingest into HTTP's words.
func asProblem(err error) error {
	var r *ingest.Refusal
	if !errors.As(err, &r) {
		return err
	}
	p := &wish.Problem{Status: http.StatusBadRequest, Detail: r.Error()}
	switch r.Outcome {
	case ingest.BadKey:
		return wish.Unauthorized(r.Error())
	case ingest.SeatTaken:
		p.Status, p.RetryAfter = http.StatusConflict, 2*time.Second
	case ingest.UnsupportedCodec:
		p.Status = http.StatusUnprocessableEntity
	case ingest.RateLimited:
		p.Status, p.RetryAfter = http.StatusTooManyRequests, 5*time.Second
	case ingest.Unavailable, ingest.NoMedia:
		p.Status, p.RetryAfter = http.StatusServiceUnavailable, 5*time.Second
	}
	return p
}
