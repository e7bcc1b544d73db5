package stage

import (
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// fakeReturns remembers what the stage told it.
type fakeReturns struct {
	mu      sync.Mutex
	routes  map[show.ParticipantID][]show.Feed
	tracks  map[show.ParticipantID][]media.Track
	units   map[show.ParticipantID]int
	removed map[show.ParticipantID]error
	program int
}

func (r *fakeReturns) SetTracks(id show.ParticipantID, t []media.Track) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tracks[id] = t
}

func (r *fakeReturns) Write(id show.ParticipantID, _ media.AccessUnit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.units[id]++
}

func (r *fakeReturns) Gone(id show.ParticipantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tracks, id)
}

func (r *fakeReturns) Route(routes map[show.ParticipantID][]show.Feed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes = routes
}

func (r *fakeReturns) Program(transcode.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.program++
}

func (r *fakeReturns) Remove(id show.ParticipantID, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removed[id] = cause
}

// studio is a rig with a host and four guests by invite, that does not start by
// itself.
type studio struct {
	*rig
	returns *fakeReturns
	told    map[string]any // by Options.Changed, the newest of each key
}

func newStudio(t *testing.T, change func(*Options)) *studio {
	u := &studio{
		returns: &fakeReturns{
			tracks: map[show.ParticipantID][]media.Track{}, units: map[show.ParticipantID]int{},
			removed: map[show.ParticipantID]error{},
		},
		told: map[string]any{},
	}
	u.rig = newRig(t, func(o *Options) {
		o.Session.Autostart = false
		o.Session.Participants = o.Session.Participants[:1]
		o.Program.Rungs = 2
		o.Returns = u.returns
		o.Changed = func(c show.Change) {
			if c.Value == nil {
				delete(u.told, c.Key)
			} else {
				u.told[c.Key] = c.Value
			}
		}
		if change != nil {
			change(o)
		}
	})
	for _, name := range []string{"Théo", "Mei", "Lou", "Kim"} {
		u.ok(u.AddPerson(show.Participant{ID: show.ParticipantID(name), Name: name, Role: show.Guest}))
	}
	t.Cleanup(func() { u.sums() })
	return u
}

func (u *studio) ok(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Error(err)
	}
}

// no wants a refusal that says word.
func (u *studio) no(kind show.ErrorKind, err error) {
	u.t.Helper()
	if show.KindOf(err) != kind {
		u.t.Errorf("got %v, want %s", err, kind)
	}
}

// comes joins and sends by WHIP; onAir has them let in, too.
func (u *studio) comes(id show.ParticipantID) ingest.Sink {
	u.t.Helper()
	return u.send(id, ingest.WHIP, media.H264)
}

func (u *studio) send(id show.ParticipantID, p ingest.Protocol, picture media.Codec) ingest.Sink {
	u.t.Helper()
	offer := ingest.Offer{Protocol: p, Disconnect: func(error) {}}
	if p == ingest.WHIP { // a page
		offer.Person = string(id)
	}
	sink, err := u.Claim(id, offer)
	if err != nil {
		u.t.Fatalf("claim %s: %v", id, err)
	}
	sink.SetTracks([]media.Track{{Codec: picture}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}})
	sink.Write(media.AccessUnit{Key: true})
	return sink
}

func (u *studio) onAir(id show.ParticipantID) ingest.Sink {
	u.t.Helper()
	sink := u.comes(id)
	u.ok(u.Move(id, show.OnAir, true))
	return sink
}

func (u *studio) person(id show.ParticipantID) show.Person {
	u.t.Helper()
	synctest.Wait()
	for _, p := range u.Desk().People {
		if p.ID == id {
			return p
		}
	}
	return show.Person{}
}

func (u *studio) at(id show.ParticipantID, want show.Place) {
	u.t.Helper()
	if got := u.person(id).Place; got != want {
		u.t.Errorf("%s is %q, want %q", id, got, want)
	}
}

// scene is what the newest program shows.
func (u *studio) scene() transcode.Scene {
	synctest.Wait()
	p := u.program(-1)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.scene
}

// gets says what somebody gets: Théo+ with sound, Théo without, Théo? without
// picture.
func (u *studio) gets(id show.ParticipantID, want ...string) {
	u.t.Helper()
	synctest.Wait()
	u.returns.mu.Lock()
	defer u.returns.mu.Unlock()
	var got []string
	for _, f := range u.returns.routes[id] {
		s := string(f.From)
		if !f.Picture {
			s += "?"
		}
		if f.Sound {
			s += "+"
		}
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		u.t.Errorf("%s gets %v, want %v", id, got, want)
	}
}

// sums: the desk is the sum of what was told.
func (u *studio) sums() {
	synctest.Wait()
	d, told := u.Desk(), maps.Clone(u.told)
	want := map[string]any{"session": bare(d), "program": d.Program, "preview": d.Preview, "overlays": d.Overlays}
	for _, p := range d.People {
		want["person/"+string(p.ID)] = p
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(told[key], want[key]) {
			u.t.Errorf("%s was told as\n%+v, and is\n%+v", key, told[key], want[key])
		}
		delete(told, key)
	}
	for key := range told {
		u.t.Errorf("%s was told and is not", key)
	}
}
