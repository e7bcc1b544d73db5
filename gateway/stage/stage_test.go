package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// fakeProgram remembers what the stage asked of it.
type fakeProgram struct {
	mu        sync.Mutex
	scene     transcode.Scene
	sources   map[transcode.SourceID]transcode.Source
	tracks    map[transcode.SourceID][]media.Track
	pushed    map[transcode.SourceID]int
	returns   map[transcode.SourceID]bool
	keyframes map[transcode.SourceID]int // asked for of returns
	events    transcode.Events
	epoch     time.Time
	broken    chan struct{}
}

func newFakeProgram(e transcode.Events) *fakeProgram {
	return &fakeProgram{
		sources: map[transcode.SourceID]transcode.Source{}, tracks: map[transcode.SourceID][]media.Track{},
		pushed: map[transcode.SourceID]int{}, returns: map[transcode.SourceID]bool{},
		keyframes: map[transcode.SourceID]int{}, events: e, epoch: time.Now(), broken: make(chan struct{}),
	}
}

func (p *fakeProgram) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.broken:
		return errors.New("broken")
	}
}

func (p *fakeProgram) do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *fakeProgram) Epoch() time.Time                   { return p.epoch }
func (p *fakeProgram) RequestKeyframe()                   { p.do(func() { p.keyframes[""]++ }) }
func (p *fakeProgram) RemoveSource(id transcode.SourceID) { p.do(func() { delete(p.sources, id) }) }
func (p *fakeProgram) SetScene(s transcode.Scene)         { p.do(func() { p.scene = s }) }
func (p *fakeProgram) SetSource(s transcode.Source) error {
	p.do(func() { p.sources[s.ID] = s })
	return nil
}
func (p *fakeProgram) SetTracks(id transcode.SourceID, t []media.Track) {
	p.do(func() { p.tracks[id] = t })
}
func (p *fakeProgram) SetReturn(id transcode.SourceID, on bool) {
	p.do(func() {
		if p.returns[id] = on; !on {
			delete(p.returns, id)
		}
	})
}
func (p *fakeProgram) RequestReturnKeyframe(id transcode.SourceID) {
	p.do(func() { p.keyframes[id]++ })
}
func (p *fakeProgram) Push(in transcode.Input) { p.mu.Lock(); p.pushed[in.Source]++; p.mu.Unlock() }

// String draws the scene in one line: "host guest1" or "[slate line]".
func (p *fakeProgram) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.scene.Slate != nil {
		return "[" + p.scene.Slate.Line + "]"
	}
	var names []string
	for _, c := range p.scene.Cells {
		names = append(names, string(c.Source))
	}
	return strings.Join(names, " ")
}

type fakeOutput struct {
	closed  chan struct{}
	packets []transcode.Packet
}

func (o *fakeOutput) Write(p transcode.Packet) { o.packets = append(o.packets, p) }
func (o *fakeOutput) Close()                   { close(o.closed) }

func (o *fakeOutput) pts() string {
	var all []string
	for _, p := range o.packets {
		all = append(all, strconv.FormatInt(p.PTS, 10))
	}
	return strings.Join(all, " ")
}

// rig is a running stage with its fakes, inside a synctest bubble.
type rig struct {
	*Stage
	t *testing.T

	mu       sync.Mutex
	programs []*fakeProgram
	outputs  []*fakeOutput
}

func newRig(t *testing.T, change func(*Options)) *rig {
	r := &rig{t: t}
	o := Options{
		Session: show.Session{ID: "studio", Title: "First session", Autostart: true, Participants: []show.Participant{
			{ID: "host", Name: "Ana", Role: show.Host, Gain: 1, Direct: true},
			{ID: "guest1", Name: "Théo", Role: show.Guest, Gain: 1, Direct: true},
			{ID: "guest2", Name: "Mei", Role: show.Guest, Gain: 1, Direct: true},
		}},
		Grace: time.Minute,
		NewProgram: func(e transcode.Events) (Program, error) {
			p := newFakeProgram(e)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.programs = append(r.programs, p)
			return p, nil
		},
		OpenOutput: func(time.Time, func()) (Output, error) {
			out := &fakeOutput{closed: make(chan struct{})}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.outputs = append(r.outputs, out)
			return out, nil
		},
		Logger:  slog.New(slog.DiscardHandler),
		Metrics: NewMetrics(prometheus.NewRegistry()),
	}
	o.Program.Width, o.Program.Height = 1280, 720
	if change != nil {
		change(&o)
	}
	r.Stage = New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// join claims a seat and sends one access unit.
func (r *rig) join(id show.ParticipantID) ingest.Sink {
	r.t.Helper()
	sink, err := r.Claim(id, ingest.Offer{Protocol: ingest.RTMP, Disconnect: func(error) {}})
	if err != nil {
		r.t.Fatalf("claim %s: %v", id, err)
	}
	sink.SetTracks([]media.Track{{Codec: media.H264}})
	sink.Write(media.AccessUnit{Key: true})
	return sink
}

// program is the n-th that was made; -1 is the newest.
func (r *rig) program(n int) *fakeProgram {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n < 0 {
		n += len(r.programs)
	}
	return r.programs[n]
}

func (r *rig) output(n int) *fakeOutput {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outputs[n]
}

// opened is how many programs and ways out there have been.
func (r *rig) opened() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(len(r.programs), len(r.outputs))
}

func (r *rig) shows(want string) {
	r.t.Helper()
	synctest.Wait()
	if got := r.program(-1).String(); got != want {
		r.t.Errorf("the program shows %q, want %q", got, want)
	}
}

func (r *rig) phase(want show.Phase) {
	r.t.Helper()
	synctest.Wait()
	if got := r.View().Phase; got != want {
		r.t.Errorf("phase is %s, want %s", got, want)
	}
}

func TestHostStartsTheSessionAndGuestsJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.join("guest1")
		r.phase(show.Planned)
		host := r.join("host")
		r.phase(show.Live)
		r.shows("host guest1")
		r.join("guest2")
		r.shows("host guest1 guest2")
		host.Write(media.AccessUnit{})
		if n := r.program(0).pushed["host"]; n != 2 {
			t.Errorf("the mixer got %d access units of the host, want 2: the one that started the session counts", n)
		}
		if got := r.program(0).tracks["guest1"]; len(got) != 1 {
			t.Errorf("the mixer was not told the tracks of a guest who came before the start: %v", got)
		}
	})
}

func TestSlates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		if err := r.Start("operator"); err != nil {
			t.Fatal(err)
		}
		r.shows("[Starting soon]")
		host := r.join("host")
		r.shows("host")
		host.Close(errors.New("gone"))
		r.shows("host") // the last picture stands
		time.Sleep(hold)
		r.shows("[Ana will be right back]")
		host = r.join("host")
		r.shows("host")
		time.Sleep(2 * time.Minute) // an old grace timer must not take the cell
		r.shows("host")
		guest := r.join("guest1")
		host.Close(errors.New("gone"))
		time.Sleep(2 * time.Minute)
		r.shows("host guest1") // a name card keeps the host's place while a guest is there
		guest.Close(errors.New("gone"))
		time.Sleep(30 * time.Second)
		r.shows("host guest1")
		time.Sleep(31 * time.Second)
		r.shows("[Ana will be right back]")
		if err := r.End("operator"); err != nil {
			t.Fatal(err)
		}
		r.shows("[Thank you for watching]")
		time.Sleep(farewell)
		r.phase(show.Ended)
		<-r.output(0).closed
		if err := r.End("operator"); !errors.Is(err, ErrNotLive) {
			t.Errorf("ending twice: %v", err)
		}
	})
}

func TestGuestIsBackInTheCellWithinTheGraceTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.join("host")
		guest := r.join("guest1")
		guest.Close(errors.New("gone"))
		time.Sleep(59 * time.Second)
		r.shows("host guest1")
		r.join("guest1")
		time.Sleep(time.Hour)
		r.shows("host guest1")
	})
}

func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		var kicked error
		first, err := r.Claim("host", ingest.Offer{Protocol: ingest.RTMP, Remote: "first", Disconnect: func(err error) { kicked = err }})
		if err != nil {
			t.Fatal(err)
		}
		first.Write(media.AccessUnit{Key: true})
		time.Sleep(TakeoverAfter - time.Millisecond)
		_, err = r.Claim("host", ingest.Offer{Protocol: ingest.WHIP, Remote: "second"})
		var refusal *ingest.Refusal
		if !errors.As(err, &refusal) || refusal.Outcome != ingest.SeatTaken {
			t.Fatalf("a second publisher got %v, want seat_taken", err)
		}
		time.Sleep(time.Millisecond)
		second, err := r.Claim("host", ingest.Offer{Protocol: ingest.WHIP, Remote: "second", Disconnect: func(error) {}})
		if err != nil {
			t.Fatal(err)
		}
		if !errors.Is(kicked, ingest.ErrReplaced) {
			t.Errorf("the first was disconnected with %v", kicked)
		}
		first.Write(media.AccessUnit{})
		second.Write(media.AccessUnit{Key: true})
		first.Close(errors.New("late"))
		r.shows("host")
		if n := r.program(0).pushed["host"]; n != 2 {
			t.Errorf("%d access units reached the mixer, want one of each publisher's before and after", n)
		}
		if on := r.View().OnAir; len(on) != 1 {
			t.Errorf("on air: %v", on)
		}
	})
}

// TestSamePerson: a page that is reloaded does not wait for its old self.
func TestSamePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		var kicked error
		claim := func(person string) error {
			sink, err := r.Claim("host", ingest.Offer{Protocol: ingest.WHIP, Person: person, Disconnect: func(err error) { kicked = err }})
			if err == nil {
				sink.Write(media.AccessUnit{Key: true})
			}
			return err
		}
		if err := claim("ana"); err != nil {
			t.Fatal(err)
		}
		var refusal *ingest.Refusal
		for _, other := range []string{"", "eve"} {
			if err := claim(other); !errors.As(err, &refusal) || refusal.Outcome != ingest.SeatTaken {
				t.Errorf("%q takes the seat of somebody who sends: %v", other, err)
			}
		}
		if err := claim("ana"); err != nil || !errors.Is(kicked, ingest.ErrReplaced) {
			t.Errorf("the same person is told %v, and the first was disconnected with %v", err, kicked)
		}
	})
}

func TestDesertedSessionEndsAndStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.EndAfter = 10 * time.Minute })
		r.join("host").Close(errors.New("gone"))
		time.Sleep(9 * time.Minute)
		r.join("host").Close(errors.New("gone"))
		time.Sleep(9 * time.Minute)
		r.phase(show.Live)
		time.Sleep(time.Minute + farewell)
		r.phase(show.Ended)
		r.join("host")
		r.phase(show.Live)
		if !strings.HasPrefix(r.opened(), "2") {
			t.Errorf("%s programs and ways out, want a second one", r.opened())
		}
	})
}

func TestEndWhileTheHostStillSendsStaysEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		host := r.join("host")
		if err := r.End("operator"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(farewell)
		r.phase(show.Ended)
		host.Write(media.AccessUnit{Key: true})
		r.phase(show.Ended)
		if err := r.Start("operator"); err != nil {
			t.Fatal(err)
		}
		r.shows("host")
	})
}
