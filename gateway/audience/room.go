package audience

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/guess"
	"github.com/regie-live/regie/gateway/show"
)

const (
	shownAtOnce   = 100 // messages that a page begins with
	keptMessages  = 200
	maxQuestions  = 500 // open ones, of a room
	maxPolls      = 50
	maxHands      = 500
	flushEvery    = 500 * time.Millisecond
	countEvery    = 10 // flushes
	takenFor      = 7 * 24 * time.Hour
	maxKnown      = 50_000 // viewers whose cookies are known without asking the store
	notLive       = "The session has ended; its chat stays to read."
	messageEvery  = time.Second
	messageBurst  = 6
	reactEvery    = 500 * time.Millisecond
	reactBurst    = 10
	questionEvery = 20 * time.Second
	questionBurst = 3
	voteEvery     = 500 * time.Millisecond
	voteBurst     = 20
	nameEvery     = 30 * time.Second
	nameBurst     = 5
	// Of an address: a school or a hall may be behind it.
	addressEvery = 50 * time.Millisecond
	addressBurst = 300
	joinEvery    = 500 * time.Millisecond
	joinBurst    = 200
)

// roomStore is what rooms are kept in.
type roomStore interface {
	ViewerOf(context.Context, show.SecretHash) (show.StoredViewer, bool, error)
	ViewersLike(ctx context.Context, skeleton string, since time.Time) ([]show.StoredViewer, error)
	PutViewer(context.Context, show.StoredViewer) error
	Message(context.Context, show.SessionID, string) (show.Said, bool, error)
	AddMessage(context.Context, show.SessionID, show.Said) error
	EraseMessage(context.Context, show.SessionID, string) error
	Room(ctx context.Context, of show.SessionID, messages int) (show.StoredRoom, error)
	PutQuestion(context.Context, show.SessionID, show.Question) error
	VoteQuestion(ctx context.Context, of show.SessionID, id string, by show.ViewerID, up bool) (int, error)
	PutPoll(context.Context, show.SessionID, show.Poll, time.Time) error
	VotePoll(ctx context.Context, of show.SessionID, id string, by show.ViewerID, choice int) (map[int]int, error)
	VotesOf(context.Context, show.SessionID, show.ViewerID) (questions []string, polls map[string]int, err error)
}

// Judge decides what is shown, and knows who may not take part. Moderation is one.
type Judge interface {
	Judge(context.Context, Post) (Verdict, error)
	Barred(show.ViewerID) error
	Watched(show.ViewerID) show.Watched
	IsHidden(show.SessionID, string) bool
	Levers(show.SessionID) []show.Lever
	Recall(show.SessionID, ...show.Said)
	Report(ctx context.Context, by show.ViewerID, of show.SessionID, id, reason, note string) error
}

// listeners are the open pages. Nothing here waits for any.
type listeners interface {
	Room(of show.SessionID, said any, keep bool)
	Live(show.SessionID, ...show.Change)
	Mod(show.SessionID, ...show.Change)
	Me(show.ViewerID, any)
}

// RoomOptions say what OpenRooms works with. None of the functions may call back.
type RoomOptions struct {
	Store     roomStore
	Listeners listeners
	May       func(show.Principal, show.Permission, show.SessionID) bool
	Phase     func(show.SessionID) show.Phase
	// Crew names those whose names nobody else may have: of a session's stage and of
	// the accounts.
	Crew func(show.SessionID) []string
	// OnAir draws a question on the program and announces it.
	OnAir func(of show.SessionID, q show.Question) error
	// OffAir ends what is drawn.
	OffAir func(show.SessionID)
	// Admit makes an invite to a session's stage for a viewer, and returns its link.
	Admit    func(ctx context.Context, by show.Principal, of show.SessionID, name string) (string, error)
	Pins     func(show.SessionID) []show.Pin
	Viewers  func(show.SessionID) int
	Sessions func() []show.SessionID
	// Others is what was said lately in a room through all gateways, as the channel
	// has it; nothing if there is only this one.
	Others     func(show.SessionID) [][]byte
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time // default: time.Now
}

// Rooms are all rooms of the event. Use must follow OpenRooms, then Run. They
// guarantee:
//   - What is acknowledged (a name, a message, a question, a vote, a poll) is stored
//     before, and survives a kill -9. What comes at the same time is stored together,
//     so that a busy chat costs few writes. Raised hands are kept in memory.
//   - A message has its sender's own ID: sending it again says it once.
//   - The judge decides before anybody sees a message. Everybody hears messages in
//     the same order, which is that of the history.
//   - Texts have no controls and nothing that turns their direction; names look like
//     nobody's who is here.
//   - Whoever writes, reacts or asks too fast is told how long to wait. Addresses
//     count only beside persons, and never alone.
type Rooms struct {
	o       RoomOptions
	now     func() time.Time
	judge   Judge
	metrics *roomMetrics

	limits limits

	naming sync.Mutex // held while a name is chosen, so that two do not get the same

	mu    sync.Mutex // guards what follows, never held while waiting
	rooms map[show.SessionID]*room
	known map[show.SecretHash]show.StoredViewer
}

type limits struct {
	messages, reactions, questions, votes, names *guess.Limiter[show.ViewerID]
	addresses, joins                             *guess.Addresses
}

// room is one session's.
type room struct {
	id   show.SessionID
	turn sync.Mutex // held through what is published, so that all hear one order

	mu        sync.Mutex // guards what follows, never held while waiting
	messages  []show.Said
	questions map[string]*show.Question
	polls     []*show.Poll
	hands     []show.Hand
	state     show.RoomState
	reactions map[string]int
	dirty     map[string]struct{} // keys of live: whose votes changed
	viewers   int
}

// OpenRooms makes the rooms; what was said is loaded by Use.
func OpenRooms(o RoomOptions) *Rooms {
	if o.Now == nil {
		o.Now = time.Now
	}
	now := func() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }
	person := func(burst int, every time.Duration) *guess.Limiter[show.ViewerID] {
		return guess.New[show.ViewerID](burst, every, o.Now)
	}
	return &Rooms{
		o: o, now: now, metrics: newRoomMetrics(o.Registerer),
		limits: limits{
			messages: person(messageBurst, messageEvery), reactions: person(reactBurst, reactEvery),
			questions: person(questionBurst, questionEvery), votes: person(voteBurst, voteEvery), names: person(nameBurst, nameEvery),
			addresses: guess.NewAddresses(addressBurst, addressEvery, o.Now), joins: guess.NewAddresses(joinBurst, joinEvery, o.Now),
		},
		rooms: map[show.SessionID]*room{}, known: map[show.SecretHash]show.StoredViewer{},
	}
}

// Use says who judges, and loads what was said before.
func (rs *Rooms) Use(ctx context.Context, j Judge) error {
	rs.judge = j
	for _, of := range rs.o.Sessions() {
		if _, err := rs.room(ctx, of); err != nil {
			return err
		}
	}
	return nil
}

// room is a session's, loaded when it is first needed. The judge is told what was
// said there.
func (rs *Rooms) room(ctx context.Context, of show.SessionID) (*room, error) {
	r, fresh, err := rs.load(ctx, of)
	if fresh {
		r.mu.Lock()
		said := slices.Clone(r.messages)
		r.mu.Unlock()
		rs.judge.Recall(of, said...)
	}
	return r, err
}

func (rs *Rooms) load(ctx context.Context, of show.SessionID) (r *room, fresh bool, err error) {
	rs.mu.Lock()
	r = rs.rooms[of]
	rs.mu.Unlock()
	if r != nil {
		return r, false, nil
	}
	kept, err := rs.o.Store.Room(ctx, of, keptMessages)
	if err != nil {
		return nil, false, err
	}
	r = &room{id: of, messages: kept.Messages, questions: map[string]*show.Question{}, reactions: map[string]int{}, dirty: map[string]struct{}{}}
	for _, q := range kept.Questions {
		r.questions[q.ID] = &q
		if q.State == show.QuestionOnAir {
			r.state.OnAir = q.ID
		}
	}
	for _, p := range kept.Polls {
		r.polls = append(r.polls, &p)
	}
	rs.mu.Lock()
	if raced := rs.rooms[of]; raced != nil {
		rs.mu.Unlock()
		return raced, false, nil
	}
	rs.rooms[of] = r
	rs.mu.Unlock()
	r.set(rs.judge.Levers(of), rs.o.Phase(of))
	rs.o.Listeners.Live(of, r.everything()...)
	return r, true, nil
}

// everything is what live:SESSION has of a room.
func (r *room) everything() []show.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []show.Change{{Key: "state", Value: r.state}}
	for id, q := range r.questions {
		all = append(all, show.Change{Key: "question/" + id, Value: *q})
	}
	for _, p := range r.polls {
		all = append(all, show.Change{Key: "poll/" + p.ID, Value: copied(p)})
	}
	return all
}

// set puts levers and the phase into the state, and says whether that changed it.
func (r *room) set(levers []show.Lever, phase show.Phase) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := show.RoomState{OnAir: r.state.OnAir, Closed: phase == show.Ended}
	for _, l := range levers {
		switch l.Name {
		case show.LeverSlow:
			s.SlowSeconds = l.Value
		case show.LeverLinks:
			s.LinksOff = true
		case show.LeverHoldFirst:
			s.HoldFirst = true
		case show.LeverPause:
			s.Paused = true
		}
	}
	changed := s != r.state
	r.state = s
	return changed
}

func (r *room) stateNow() show.RoomState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Forget drops the room of a session that is no more.
func (rs *Rooms) Forget(of show.SessionID) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.rooms, of)
}

func (rs *Rooms) all() []*room {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	list := make([]*room, 0, len(rs.rooms))
	for _, r := range rs.rooms {
		list = append(list, r)
	}
	return list
}

// Run tells what is gathered (reactions, votes, viewers) and closes polls, until
// ctx ends.
func (rs *Rooms) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			rs.beat(ctx, n%countEvery == 0)
		}
	}
}

func (rs *Rooms) beat(ctx context.Context, count bool) {
	for _, r := range rs.all() {
		rs.flush(r)
		rs.closePolls(ctx, r)
		if count {
			rs.count(r)
		}
	}
}

// flush tells what was gathered in a room.
func (rs *Rooms) flush(r *room) {
	r.mu.Lock()
	counts := r.reactions
	if len(counts) > 0 {
		r.reactions = map[string]int{}
	}
	var changes []show.Change
	for key := range r.dirty {
		changes = append(changes, show.Change{Key: key, Value: r.valueOf(key)})
	}
	clear(r.dirty)
	r.mu.Unlock()
	if len(counts) > 0 {
		rs.o.Listeners.Room(r.id, toldReactions{"reactions", counts}, false)
	}
	if len(changes) > 0 {
		rs.o.Listeners.Live(r.id, changes...)
	}
}

// count tells how many watch, and whether the session has ended.
func (rs *Rooms) count(r *room) {
	n := rs.o.Viewers(r.id)
	r.mu.Lock()
	changed := n != r.viewers
	r.viewers = n
	r.mu.Unlock()
	if changed {
		rs.o.Listeners.Live(r.id, show.Change{Key: "viewers", Value: struct {
			Count int `json:"count"`
		}{n}})
	}
	rs.refresh(r, rs.judge.Levers(r.id))
}

// refresh tells the state if it is another.
func (rs *Rooms) refresh(r *room, levers []show.Lever) {
	if r.set(levers, rs.o.Phase(r.id)) {
		rs.o.Listeners.Live(r.id, show.Change{Key: "state", Value: r.stateNow()})
	}
}
