package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/rtsp"
	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// cameras fetches those participants who are cameras: of the configuration, and of
// sessions that people made. Each has a key that nobody knows, so that it takes its
// seat like everyone else.
type cameras struct {
	door    *ingest.Door
	log     *slog.Logger
	clients map[show.Reach]*outside.Client // nil for Anywhere

	mu  sync.Mutex
	ctx context.Context // of Run; nil before
	all map[cameraAt]*camera
	wg  sync.WaitGroup // added to only while ctx has not ended
}

// cameraAt is whose seat a camera has.
type cameraAt struct {
	session     show.SessionID
	participant show.ParticipantID
}

type camera struct {
	key    show.StreamKey
	puller *rtsp.Puller
	status show.CameraStatus
	stop   context.CancelFunc // nil before it runs
}

func newCameras(door *ingest.Door, allow []string, log *slog.Logger) *cameras {
	return &cameras{door: door, log: log, all: map[cameraAt]*camera{}, clients: map[show.Reach]*outside.Client{
		show.Public:  outside.New(outside.Options{Allow: allow}),
		show.Private: outside.New(outside.Options{Allow: allow, Private: true}),
	}}
}

// Run works until ctx ends and every camera has been let go.
func (cs *cameras) Run(ctx context.Context) error {
	cs.mu.Lock()
	cs.ctx = ctx
	for _, c := range cs.all {
		cs.start(c)
	}
	cs.mu.Unlock()
	<-ctx.Done()
	cs.mu.Lock() // whoever adds one now sees that ctx has ended
	cs.mu.Unlock()
	cs.wg.Wait()
	return nil
}

// start fetches a camera. With cs.mu held and cs.ctx set.
func (cs *cameras) start(c *camera) {
	ctx, stop := context.WithCancel(cs.ctx)
	c.stop = stop
	cs.wg.Go(func() { _ = c.puller.Run(ctx) }) // it works for ever, and says so itself
}

// add fetches a participant's picture from now on.
func (cs *cameras) add(id show.SessionID, p show.Participant) error {
	at, c := cameraAt{id, p.ID}, &camera{key: show.StreamKey(rand.Text()), status: show.CameraStatus{State: show.CameraConnecting}}
	o := rtsp.PullOptions{
		Source: p.Source, Key: c.key, Door: cs.door,
		Whose:  ingest.Seat{Session: id, Participant: p.ID, Role: p.Role},
		Logger: cs.log.With("session", id, "participant", p.ID),
		Tell: func(s show.CameraStatus) {
			cs.mu.Lock()
			defer cs.mu.Unlock()
			c.status = s
		},
	}
	if p.Reach != show.Anywhere {
		o.Dial = cs.client(p.Reach).Dial
	}
	var err error
	if c.puller, err = rtsp.NewPuller(o); err != nil {
		return fmt.Errorf("session %s, %s: %w", id, p.Name, err)
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.end(at)
	cs.all[at] = c
	if cs.ctx != nil && cs.ctx.Err() == nil {
		cs.start(c)
	}
	return nil
}

// client is of a reach; one that is not known leads nowhere inside.
func (cs *cameras) client(r show.Reach) *outside.Client {
	if c := cs.clients[r]; c != nil {
		return c
	}
	return cs.clients[show.Public]
}

// check says early what cannot be fetched.
func (cs *cameras) check(u *url.URL, r show.Reach) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"rtsp": "554", "rtsps": "322"}[u.Scheme]
	}
	err := cs.client(r).CheckHost(u.Hostname(), port)
	var refused *outside.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	return &show.Error{Kind: show.Invalid, Detail: fmt.Sprintf("%s %s; %s", refused.Host, refused.Why, rtsp.BeyondReach)}
}

// remove lets a camera go.
func (cs *cameras) remove(id show.SessionID, p show.ParticipantID) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.end(cameraAt{id, p})
}

// removeAll lets those of a session go.
func (cs *cameras) removeAll(id show.SessionID) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for at := range cs.all {
		if at.session == id {
			cs.end(at)
		}
	}
}

func (cs *cameras) end(at cameraAt) {
	if c := cs.all[at]; c != nil && c.stop != nil {
		c.stop()
	}
	delete(cs.all, at)
}

// status is how it goes with one.
func (cs *cameras) status(id show.SessionID, p show.ParticipantID) show.CameraStatus {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.all[cameraAt{id, p}]; c != nil {
		return c.status
	}
	return show.CameraStatus{State: show.CameraConnecting}
}

// seatOf finds whose camera has the key.
func (cs *cameras) seatOf(key show.StreamKey) (cameraAt, bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for at, c := range cs.all {
		if c.key.Equal(key) {
			return at, true
		}
	}
	return cameraAt{}, false
}
