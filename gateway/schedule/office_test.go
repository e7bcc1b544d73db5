package schedule_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/schedule"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon     = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	operator = show.Principal{Kind: show.MachineOperator, Name: "operator"}
	nobody   = show.Principal{}
	owner    = show.Principal{Kind: show.Account, Name: "Ana", User: "u-ana", Role: show.Creator}
	declared = []show.Session{{ID: "declared", Title: "From the file", Participants: []show.Participant{{ID: "host", Name: "Ana", Role: show.Host, Key: "KEY-OF-ANA", Gain: 1}}}}
)

// office is a schedule with the real people and store, joined as the wiring does.
type office struct {
	*schedule.Service
	t      *testing.T
	dir    string
	store  *store.Store
	people *people.Service
	now    func() time.Time
	told   []string
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, dir: t.TempDir(), now: func() time.Time { return noon }}
	o.open()
	t.Cleanup(func() { _ = o.store.Close() })
	return o
}

func (o *office) open() {
	o.t.Helper()
	ctx := o.t.Context()
	var err error
	o.store, err = store.Open(ctx, o.dir)
	o.must(err)
	o.people, err = people.Open(ctx, people.Options{
		Store: o.store, Dir: o.dir, Declared: declared, Now: o.now,
		CheckPlan: func(ctx context.Context, m show.Managed) error { return o.CheckPlan(ctx, m) },
		Changes: people.Changes{
			SessionAdded:   func(s show.Session) { o.Session(s) },
			SessionChanged: func(s show.Session) { o.Session(s) },
			SessionRemoved: func(id show.SessionID) { o.Removed(id) },
		},
	})
	o.must(err)
	o.Service, err = schedule.Open(ctx, schedule.Options{
		Store: o.store, Sessions: o.people, Planned: o.people.Stages(), Now: o.now,
		Tell: func(changes ...show.Change) {
			for _, c := range changes {
				switch v := c.Value.(type) {
				case show.Slot:
					o.told = append(o.told, fmt.Sprintf("%s %s %s #%d", c.Key, v.Title, v.Phase, v.Sequence))
				case nil:
					o.told = append(o.told, c.Key+" gone")
				default:
					o.told = append(o.told, c.Key)
				}
			}
		},
	})
	o.must(err)
}

// restart is what a kill and a start are to who is here.
func (o *office) restart() {
	o.t.Helper()
	o.must(o.store.Close())
	o.open()
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// says checks that an error is of a kind and holds words.
func (o *office) says(err error, kind show.ErrorKind, words string) {
	o.t.Helper()
	if show.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err), words) {
		o.t.Errorf("%v (%s), want %q (%s)", err, show.KindOf(err), words, kind)
	}
}

// heard checks what listeners were told since.
func (o *office) heard(want ...string) {
	o.t.Helper()
	if !slices.Equal(o.told, want) {
		o.t.Errorf("told\n%s\nwant\n%s", strings.Join(o.told, "\n"), strings.Join(want, "\n"))
	}
	o.told = nil
}

// session makes one that begins some minutes after noon and takes an hour.
func (o *office) session(title string, after int) show.SessionID {
	o.t.Helper()
	m, err := o.people.AddSession(o.t.Context(), operator, show.NewSession{Title: title, HostName: "Ana",
		Starts: noon.Add(time.Duration(after) * time.Minute), Ends: noon.Add(time.Duration(after+60) * time.Minute)})
	o.must(err)
	return m.ID
}

func (o *office) slot(id show.SessionID) show.Slot {
	o.t.Helper()
	for _, s := range o.Current().Slots {
		if s.Session == id {
			return s
		}
	}
	o.t.Fatalf("%s is not in the schedule", id)
	return show.Slot{}
}

func (o *office) setUp() {
	o.t.Helper()
	o.must(o.SetEvent(o.t.Context(), operator, show.Event{Name: "Clay", TimeZone: "Europe/Paris", Days: []show.Day{{Date: "2026-11-27"}, {Date: "2026-11-28"}}}))
}

func to[T any](v T) *T { return &v }

// dot is a picture.
func dot(t *testing.T) []byte {
	t.Helper()
	var b strings.Builder
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}
