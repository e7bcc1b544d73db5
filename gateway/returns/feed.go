package returns

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/keyframes"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// Options of a Feed. Its callbacks must not block, nor wait for a call of the Feed.
type Options struct {
	Session show.SessionID
	Net     *rtc.Net
	// BasePath is the path below which clients see the endpoint "return", for
	// example "/api/v1/sessions/SESSION/". Locations are made of it.
	BasePath string
	// Keyframe asks a source for a keyframe; an empty one is the program.
	Keyframe func(show.ParticipantID)
	// Present says that a receiver has come, or left.
	Present func(id show.ParticipantID, here bool)
	Logger  *slog.Logger // default: no log
	Metrics *Metrics     // default: counted, not exported
}

// Receiver is who asks for a return feed.
type Receiver struct {
	ID         show.ParticipantID // of a desk that is on no stage: anything else that names it
	Role       show.Role
	ICEServers []show.ICEServer // that they are told of
}

// ErrEnded is why receivers are disconnected when the feed closes.
var ErrEnded = errors.New("the session is over")

// Feed is the return feed of one session. Its methods may be called from any
// goroutine.
type Feed struct {
	opts     Options
	logger   *slog.Logger
	endpoint *wish.Endpoint
	flows    [2]rtc.Flow // by media.Kind
	peers    sync.WaitGroup

	telling sync.Mutex // orders calls of Options.Present; taken before mu

	mu        sync.Mutex
	closed    bool
	sources   map[show.ParticipantID]*source // the empty one is the program
	route     map[show.ParticipantID][]show.Feed
	tables    map[show.ParticipantID]*table    // by receiver
	receivers map[show.ParticipantID]*receiver // who is connected
	all       map[*receiver]struct{}           // from their offer on
}

// New makes a Feed; Close it.
func New(o Options) *Feed {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if o.Keyframe == nil {
		o.Keyframe = func(show.ParticipantID) {}
	}
	if o.Present == nil {
		o.Present = func(show.ParticipantID, bool) {}
	}
	f := &Feed{
		opts: o, logger: o.Logger.With("session", o.Session),
		flows:   [2]rtc.Flow{o.Net.Flow(rtc.Out, media.Video), o.Net.Flow(rtc.Out, media.Audio)},
		sources: map[show.ParticipantID]*source{}, tables: map[show.ParticipantID]*table{},
		receivers: map[show.ParticipantID]*receiver{}, all: map[*receiver]struct{}{},
	}
	f.endpoint = wish.NewEndpoint(o.BasePath+"return", nil, f.start)
	f.source("").begin([]media.Track{{Codec: media.H264}})
	return f
}

// source finds or makes one. It is called with the lock held, but by New.
func (f *Feed) source(id show.ParticipantID) *source {
	s := f.sources[id]
	if s == nil {
		interval := keyframeInterval
		if id == "" {
			interval = programInterval
		}
		s = &source{keyframes: keyframes.New(interval, func() { f.opts.Keyframe(id) })}
		f.sources[id] = s
	}
	return s
}

// SetTracks says what a person sends from now on.
func (f *Feed) SetTracks(from show.ParticipantID, tracks []media.Track) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if from == "" || f.closed {
		return
	}
	_, known := f.sources[from]
	f.source(from).begin(tracks)
	if !known {
		f.aim()
	}
}

// Write gives what a person sends to all who get it.
func (f *Feed) Write(from show.ParticipantID, au media.AccessUnit) {
	f.mu.Lock()
	s := f.sources[from]
	f.mu.Unlock()
	if s != nil && from != "" {
		s.write(au)
	}
}

// Gone says that a person sends nothing more until the next SetTracks.
func (f *Feed) Gone(from show.ParticipantID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.sources[from]; s != nil && from != "" {
		s.end()
	}
}

// Program gives the program's picture to all; other packets are ignored.
func (f *Feed) Program(p transcode.Packet) {
	if p.Track != transcode.Video {
		return
	}
	f.mu.Lock()
	s := f.sources[""]
	f.mu.Unlock()
	pts := time.Duration(p.PTS/transcode.VideoClock)*time.Second +
		time.Duration(p.PTS%transcode.VideoClock)*time.Second/transcode.VideoClock
	s.write(media.AccessUnit{Kind: media.Video, PTS: pts, Key: p.Key, Data: p.Data})
}

// Route says who gets whom, the most important first.
func (f *Feed) Route(route map[show.ParticipantID][]show.Feed) {
	f.mu.Lock()
	f.route = route
	fresh := f.aim()
	f.mu.Unlock()
	ask(fresh)
}

// aim brings tables and sources up to date with the lock held. It returns the sources
// that somebody gets anew.
func (f *Feed) aim() (fresh []*source) {
	targets := map[show.ParticipantID][]target{}
	for id, r := range f.receivers {
		rung := r.link.rung.Load()
		targets[""] = append(targets[""], target{r, program, 1, [2]bool{rung == 0, false}})
		t := f.tables[id]
		if t == nil {
			t = newTable()
			f.tables[id] = t
		}
		had := t.slots
		feeds := others(id, f.route[id])
		changed, shown := t.assign(feeds), foremost(feeds, pictures[rung])
		changed = changed || r.paused[program] != (rung > 0)
		r.paused[program] = rung > 0
		for i, p := range t.slots {
			picture := p.Picture && shown[p.From]
			changed = changed || r.paused[i] != (p.Picture && !picture)
			r.paused[i] = p.Picture && !picture
			if p.From == "" {
				continue
			}
			targets[p.From] = append(targets[p.From], target{r, i, p.turn, [2]bool{picture, p.Sound}})
			if picture && had[i] != p {
				fresh = append(fresh, f.source(p.From))
			}
		}
		if changed {
			r.changed()
		}
	}
	for id, s := range f.sources {
		s.aim(targets[id])
	}
	return fresh
}

// foremost are the first n who have a picture.
func foremost(feeds []show.Feed, n int) map[show.ParticipantID]bool {
	shown := map[show.ParticipantID]bool{}
	for _, feed := range feeds {
		if feed.Picture && len(shown) < n {
			shown[feed.From] = true
		}
	}
	return shown
}

// shed sends a receiver as many pictures as its link takes now. Those that come back
// begin with a keyframe, which is asked for when they do.
func (f *Feed) shed(r *receiver) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.receivers[r.who.ID] == r {
		f.logger.Debug("return feed follows its link", "participant", r.who.ID, "pictures", pictures[r.link.rung.Load()])
		f.aim()
	}
}

// others leaves a receiver's own sound, with what belongs to it, and nameless people
// out of what it gets.
func others(id show.ParticipantID, feeds []show.Feed) (list []show.Feed) {
	for _, feed := range feeds {
		if feed.From != "" && (feed.From != id || !feed.Sound) {
			list = append(list, feed)
		}
	}
	return list
}

func ask(sources []*source) {
	for _, s := range sources {
		s.keyframes.Ask()
	}
}

// Remove ends a person's return feed; their page is told why.
func (f *Feed) Remove(id show.ParticipantID, cause error) {
	text := message{Type: "removed", Reason: cause.Error()}.encode()
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.all {
		switch {
		case r.who.ID != id:
		case r == f.receivers[id]:
			r.farewell(text, cause)
		default:
			r.end(cause)
		}
	}
	delete(f.tables, id)
}

// Close ends all receivers and waits for them.
func (f *Feed) Close() {
	f.mu.Lock()
	f.closed = true
	for r := range f.all {
		r.end(ErrEnded)
	}
	for _, s := range f.sources {
		s.keyframes.Close()
	}
	f.mu.Unlock()
	f.peers.Wait()
}

type receiverKey struct{}

// Serve answers a request to BasePath + "return" or below. The caller knows who asks;
// an empty Receiver may not begin a session, but whoever knows a session's address
// may patch and end it.
func (f *Feed) Serve(w http.ResponseWriter, r *http.Request, who Receiver) {
	if who.ID != "" && (r.Method == http.MethodPost || r.Method == http.MethodOptions) {
		for _, link := range rtc.Links(who.ICEServers) {
			w.Header().Add("Link", link)
		}
	}
	f.endpoint.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), receiverKey{}, who)))
}

// start answers an offer: the start of a wish.Session.
func (f *Feed) start(o wish.Offer) (wish.Session, string, error) {
	who, _ := o.Context.Value(receiverKey{}).(Receiver)
	if who.ID == "" {
		return nil, "", &wish.Problem{Status: http.StatusForbidden, Detail: "only people on this stage and its desk get a return feed; open your invite again, or sign in"}
	}
	r := newReceiver(f, who, o.ID)
	if !f.enter(r) {
		return nil, "", wish.Refused(rtc.ErrClosed)
	}
	peer, answer, err := r.open(o)
	if err != nil {
		f.leave(r)
		return nil, "", wish.Refused(err)
	}
	return wish.Of(peer), answer, nil
}

// enter notes a receiver from its offer on. One who begins anew before the last
// attempt was connected gives that up.
func (f *Feed) enter(r *receiver) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	for o := range f.all {
		if o.who.ID == r.who.ID && f.receivers[r.who.ID] != o {
			o.end(errReplaced)
		}
	}
	f.all[r] = struct{}{}
	f.peers.Add(1)
	return true
}

// arrive is called when a receiver is connected. It takes the place of an older one.
func (f *Feed) arrive(r *receiver) {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	old := f.receivers[r.who.ID]
	f.receivers[r.who.ID] = r
	fresh := append(f.aim(), f.sources[""])
	for _, p := range f.tables[r.who.ID].slots {
		if p.From != "" && p.Picture {
			fresh = append(fresh, f.source(p.From))
		}
	}
	f.mu.Unlock()
	ask(fresh)
	if old != nil {
		old.farewell(message{Type: "replaced"}.encode(), errReplaced)
		return
	}
	f.opts.Present(r.who.ID, true)
}

func (f *Feed) leave(r *receiver) {
	defer f.peers.Done()
	f.endpoint.Forget(r.id)
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	delete(f.all, r)
	current := f.receivers[r.who.ID] == r
	if current {
		delete(f.receivers, r.who.ID)
		f.aim()
	}
	f.mu.Unlock()
	if current {
		f.opts.Present(r.who.ID, false)
	}
}

// slotsMessage says who is in which slot of a receiver.
func (f *Feed) slotsMessage(id show.ParticipantID) []byte {
	m := message{Type: "slots", Slots: []slotEntry{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.receivers[id]
	m.Paused = r != nil && r.paused[program]
	if t := f.tables[id]; t != nil {
		for i, p := range t.slots {
			if p.From != "" {
				m.Slots = append(m.Slots, slotEntry{i, p.From, r != nil && r.paused[i]})
			}
		}
	}
	return m.encode()
}
