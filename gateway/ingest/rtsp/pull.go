package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// PullOptions is what a Puller needs.
type PullOptions struct {
	Source show.SourceURL // rtsp:// or rtsps:// address of the camera, with user and password if it wants them
	Key    show.StreamKey // opens the participant's seat
	Whose  ingest.Seat    // the seat, for refusals
	Door   *ingest.Door
	Logger *slog.Logger // default: no log

	TLS     *tls.Config   // for rtsps; default: the system's roots
	UDP     bool          // take RTP over UDP; default TCP, which loses nothing
	Timeout time.Duration // for answers, and without media; default 10 s
	// Between attempts, doubled from First to Last; default 1 s and 30 s.
	FirstWait, LastWait time.Duration

	// Dial connects, and may refuse to (outside.RefusedError); default: to anywhere.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Tell says how it goes, when that changes. It must not block; default: nobody.
	Tell func(show.CameraStatus)
}

// BeyondReach says what to do about a camera that may not be fetched.
const BeyondReach = "let an administrator add it if it is in a private network, or the operator name its host in outside.allow"

// Puller fetches one camera and feeds a seat with it, for ever.
type Puller struct {
	opts PullOptions
	url  *base.URL
	log  *slog.Logger
}

// NewPuller checks the options; Run does the rest.
func NewPuller(o PullOptions) (*Puller, error) {
	u, err := base.ParseURL(string(o.Source))
	if err != nil || (*url.URL)(u).Hostname() == "" || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		// The error would show the password.
		return nil, errors.New("rtsp: the source is no rtsp:// or rtsps:// address; write it as rtsp://user:password@host:554/path")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.FirstWait == 0 {
		o.FirstWait = time.Second
	}
	if o.LastWait == 0 {
		o.LastWait = 30 * time.Second
	}
	if o.Tell == nil {
		o.Tell = func(show.CameraStatus) {}
	}
	return &Puller{opts: o, url: u, log: o.Logger.With("protocol", ingest.Pull, "remote", u.Host)}, nil
}

// Run connects again and again until ctx ends. It returns nil then.
func (p *Puller) Run(ctx context.Context) error {
	wait, said := p.opts.FirstWait, ""
	p.opts.Tell(show.CameraStatus{State: show.CameraConnecting})
	for {
		worked, err := p.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if worked {
			wait, said = p.opts.FirstWait, "" // this is a new trouble
		}
		pause := wait/2 + rand.N(wait/2+1) // jitter: cameras behind one switch fail together
		p.complain(err, pause, &said)
		p.opts.Tell(statusOf(err, time.Now().Add(pause)))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		wait = min(2*wait, p.opts.LastWait)
	}
}

// complain says once why there is no picture; a camera that is off for a week
// does not fill the log.
func (p *Puller) complain(err error, pause time.Duration, said *string) {
	level, attrs := slog.LevelWarn, []any{"cause", err, "retry", pause.Round(time.Millisecond)}
	if err.Error() == *said {
		level = slog.LevelDebug
	}
	*said = err.Error()
	var r *ingest.Refusal
	if errors.As(err, &r) {
		attrs = []any{"cause", r.Reason, "hint", r.Hint, "outcome", r.Outcome, "retry", pause.Round(time.Millisecond)}
	}
	p.log.Log(context.Background(), level, "camera is not connected", attrs...)
}

// pull is one connection to the camera.
type pull struct {
	client   *gortsplib.Client
	receiver *receiver

	once  sync.Once
	ended chan error // the first reason to end
}

func (c *pull) disconnect(cause error) {
	c.once.Do(func() { c.ended <- cause })
}

// once connects, receives until something ends it, and says what, and whether
// media came.
func (p *Puller) once(ctx context.Context) (worked bool, err error) {
	c := &pull{ended: make(chan error, 1)}
	transport := gortsplib.TransportTCP
	if p.opts.UDP {
		transport = gortsplib.TransportUDP
	}
	c.client = &gortsplib.Client{
		Scheme: p.url.Scheme, Host: p.url.Host,
		Transport:   &transport,
		TLSConfig:   p.opts.TLS.Clone(),
		ReadTimeout: p.opts.Timeout, WriteTimeout: p.opts.Timeout,
		UserAgent:     "regie",
		DialContext:   p.opts.Dial,
		OnPacketsLost: func(uint64) {},
		OnDecodeError: func(error) {},
	}
	if err := c.client.Start2(); err != nil {
		return false, p.failed(ctx, c, err)
	}
	closing := sync.OnceFunc(c.client.Close) // waits for its goroutines
	defer closing()
	stop := context.AfterFunc(ctx, func() {
		c.disconnect(ingest.ErrStopping)
		closing()
	})
	defer stop()

	publisher, err := p.connect(c)
	if publisher == nil {
		return false, p.failed(ctx, c, err)
	}
	if err == nil {
		publisher.Watch(p.opts.Timeout, p.opts.Timeout)
		err = c.wait(closing)
	}
	closing() // no packet comes after this
	err = p.redact(err)
	publisher.Close(err)
	return c.receiver.worked, err
}

// connect asks for the stream, takes the seat, and starts the flow. Without a
// publisher, there is no seat to free.
func (p *Puller) connect(c *pull) (*ingest.Publisher, error) {
	d, _, err := c.client.Describe(p.url)
	if err != nil {
		return nil, err
	}
	rec, r := newReceiver(d, true)
	if r != nil {
		p.opts.Door.Count(p.offer(c), p.opts.Whose, r)
		return nil, r
	}
	rec.began = func() { p.opts.Tell(working(rec)) }
	c.receiver = rec
	publisher, err := p.opts.Door.Admit(p.offer(c))
	if err != nil {
		return nil, err
	}
	rec.start(publisher)
	if err := rec.announce(); err != nil {
		return publisher, err
	}
	if err := c.client.SetupAll(d.BaseURL, rec.medias()); err != nil {
		return publisher, err
	}
	c.client.OnPacketRTPAny(func(_ *description.Media, f format.Format, pkt *rtp.Packet) {
		if err := rec.packet(f, pkt, time.Now()); err != nil {
			c.disconnect(err)
		}
	})
	c.client.OnPacketRTCPAny(func(m *description.Media, pkt rtcp.Packet) { rec.report(m, pkt) })
	_, err = c.client.Play(nil)
	return publisher, err
}

// failed counts a connection that never had the seat, unless the Door did it or we
// are stopping.
func (p *Puller) failed(ctx context.Context, c *pull, err error) error {
	var r *ingest.Refusal
	if ctx.Err() != nil {
		return ingest.ErrStopping
	}
	if !errors.As(err, &r) {
		var what show.CameraTrouble
		what, r = p.unreachable(err)
		p.opts.Door.Count(p.offer(c), p.opts.Whose, r)
		return &troubleError{what, r}
	}
	return r
}

// troubleError is a Refusal that says more to programs.
type troubleError struct {
	what show.CameraTrouble
	*ingest.Refusal
}

func (e *troubleError) Unwrap() error { return e.Refusal }

// working is the status of a camera that sends.
func working(r *receiver) show.CameraStatus {
	s := show.CameraStatus{State: show.CameraConnected}
	if r.unused != "" {
		why := ingest.NewUnsupported(r.unused)
		s.Trouble, s.Reason, s.Hint = show.CameraCodec, why.Reason, "set the camera's picture to H.264 or H.265"
	}
	return s
}

// statusOf is the status of one that does not, and is tried again.
func statusOf(err error, retry time.Time) show.CameraStatus {
	s := show.CameraStatus{State: show.CameraRetrying, Trouble: show.CameraGone, Reason: err.Error(), Retry: retry.UTC()}
	var t *troubleError
	var r *ingest.Refusal
	if errors.As(err, &r) {
		s.Reason, s.Hint = r.Reason, r.Hint
	}
	switch {
	case errors.As(err, &t):
		s.Trouble = t.what
	case r != nil && r.Outcome == ingest.UnsupportedCodec:
		s.Trouble = show.CameraCodec
	case r != nil && r.Outcome == ingest.SeatTaken, errors.Is(err, ingest.ErrReplaced):
		s.Trouble = show.CameraSeatTaken
	case r != nil && r.Outcome == ingest.NoMedia, errors.Is(err, ingest.ErrSilent):
		s.Trouble = show.CameraSilent
	}
	return s
}

// unreachable says what to do about a camera that shows nothing.
func (p *Puller) unreachable(err error) (show.CameraTrouble, *ingest.Refusal) {
	var refused *outside.RefusedError
	var status liberrors.ErrClientBadStatusCode
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return show.CameraForbidden, &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  refused.Host + " " + refused.Why,
			Hint:    BeyondReach,
		}
	case errors.As(err, &status) && (status.Code == base.StatusUnauthorized || status.Code == base.StatusForbidden):
		return show.CameraPassword, &ingest.Refusal{
			Outcome: ingest.BadKey,
			Reason:  "the camera does not accept the user or the password: " + p.redact(err).Error(),
			Hint:    "correct the user and the password in the camera's address, rtsp://user:password@…, with special characters as %xx",
		}
	case errors.As(err, &status) && status.Code == base.StatusNotFound:
		return show.CameraPath, &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  "the camera has no stream at this path: " + p.redact(err).Error(),
			Hint:    "take the path of its address from the camera's manual, and see that the camera sends",
		}
	case errors.As(err, &cert):
		return show.CameraCertificate, &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  "the camera's certificate is not trusted: " + p.redact(err).Error(),
			Hint:    "write rtsp:// in its address, or make this machine trust the certificate",
		}
	}
	return show.CameraUnreachable, &ingest.Refusal{
		Outcome: ingest.NoMedia,
		Reason:  p.redact(err).Error(),
		Hint:    "see that the camera is on, and that the address and the port are its own",
	}
}

func (p *Puller) offer(c *pull) ingest.Offer {
	return ingest.Offer{
		Protocol: ingest.Pull, Key: p.opts.Key, Remote: p.url.Host, Disconnect: c.disconnect,
	}
}

// wait closes the client and returns when the camera leaves or we are told to.
func (c *pull) wait(closing func()) error {
	gone := make(chan error, 1)
	go func() { gone <- c.client.Wait() }()
	select {
	case cause := <-c.ended:
		closing()
		<-gone
		return cause
	case err := <-gone:
		select {
		case cause := <-c.ended: // it left because we said so
			return cause
		default:
			return err
		}
	}
}

// redactedError prints without the camera's user and password; what it wraps
// would not.
type redactedError struct {
	words string
	cause error
}

func (e *redactedError) Error() string { return e.words }
func (e *redactedError) Unwrap() error { return e.cause }

func (p *Puller) redact(err error) error {
	var terminated liberrors.ErrClientTerminated
	switch {
	case err == nil, errors.As(err, &terminated):
		return ingest.ErrPeerClosed
	}
	words := err.Error()
	u := (*url.URL)(p.url)
	secrets := []string{u.RequestURI()} // where many cameras expect it
	if u.User != nil {
		password, _ := u.User.Password()
		secrets = append(secrets, u.User.String(), password)
	}
	for _, s := range secrets {
		if s != "" && s != "/" {
			words = strings.ReplaceAll(words, s, show.Redacted)
		}
	}
	return &redactedError{words: words, cause: err}
}
