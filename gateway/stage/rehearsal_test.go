package stage

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

func (u *studio) running(programs, outputs int) {
	u.t.Helper()
	synctest.Wait()
	if got, want := u.opened(), fmt.Sprint(programs, outputs); got != want {
		u.t.Errorf("%s programs and ways out have been opened, want %s", got, want)
	}
}

// TestRehearsalGoesLive: the program runs as soon as somebody is there, and the ways
// out open onto the same program.
func TestRehearsalGoesLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.running(0, 0)
		u.comes("host")
		u.onAir("Théo")
		u.running(1, 0)
		u.phase(show.Planned)
		u.shows("host Théo") // for those who rehearse
		events := u.program(0).events
		events.Output(transcode.Packet{Track: transcode.Video})
		events.Output(transcode.Packet{Track: transcode.Video, Rung: 1})
		if u.returns.program != 1 {
			t.Errorf("return feeds got %d pictures of the program, want the one of its smallest size", u.returns.program)
		}
		time.Sleep(time.Hour)
		u.ok(u.Start("desk"))
		u.running(1, 1)
		u.phase(show.Live)
		// In the middle of a frame; the way out begins with a whole one.
		events.Output(transcode.Packet{Track: transcode.Video, Rung: 1, PTS: 1})
		events.Output(transcode.Packet{Track: transcode.AAC, PTS: 2})
		events.Output(transcode.Packet{Track: transcode.Video, PTS: 3})
		events.Output(transcode.Packet{Track: transcode.Video, Rung: 1, PTS: 3})
		if got := u.output(0).pts(); got != "2 3 3" {
			t.Errorf("the way out got %s", got)
		}
		u.ok(u.Start("desk")) // is live already
		u.running(1, 1)
		u.ok(u.End("desk"))
		u.shows("[Thank you for watching]")
		time.Sleep(farewell)
		u.phase(show.Ended)
		<-u.output(0).closed
		u.running(2, 1) // they are still there, and talk on
		u.shows("host Théo")
		u.ok(u.Start("desk"))
		u.running(2, 2)
		u.phase(show.Live)
	})
}

func TestRehearsalStopsWhenAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.Receive("desk:1", true)
		u.running(1, 0) // a return feed is enough
		host := u.comes("host")
		u.Receive("desk:1", false)
		time.Sleep(time.Hour)
		u.running(1, 0)
		host.Close(errors.New("gone"))
		time.Sleep(29 * time.Second)
		host = u.comes("host")
		u.running(1, 0)
		host.Close(errors.New("gone"))
		time.Sleep(31 * time.Second)
		u.comes("host")
		u.running(2, 0)
		u.phase(show.Planned)
		u.shows("host")
	})
}

// TestLiveOutlastsItsPeople: what ends a deserted rehearsal does not end a session.
func TestLiveOutlastsItsPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		host := u.comes("host")
		host.Close(errors.New("gone")) // the clock of the rehearsal runs
		synctest.Wait()
		u.ok(u.Start("desk"))
		time.Sleep(time.Hour)
		u.phase(show.Live)
		u.running(1, 1)
	})
}

func TestMixerThatFailsInRehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fail error
		u := newStudio(t, func(o *Options) {
			open := o.NewProgram
			o.NewProgram = func(e transcode.Events) (Program, error) {
				if fail != nil {
					return nil, fail
				}
				return open(e)
			}
		})
		fail = errors.New("no memory")
		sink := u.comes("host")
		sink.Write(media.AccessUnit{})
		if err := u.Start("desk"); !errors.Is(err, fail) {
			t.Errorf("Start: %v", err)
		}
		u.phase(show.Planned)
		fail = nil
		u.ok(u.Start("desk"))
		u.shows("host")
		close(u.program(0).broken)
		u.phase(show.Ended) // and no second program that would break as well
		u.running(1, 1)
		<-u.output(0).closed
	})
}

func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		ends := time.Now().Add(time.Hour)
		u.ok(u.Update(show.Session{Title: "Later", Starts: time.Unix(1_800_000_000, 0), Ends: ends}))
		if d := u.Desk(); !d.EndsAt.Equal(ends) || d.Title != "Later" || u.View().Session.Title != "Later" {
			t.Errorf("the desk says %+v", d)
		}
		m := u.o.Metrics
		if got := testutil.ToFloat64(m.start); got != 1_800_000_000 {
			t.Errorf("the metrics say %v", got)
		}
		if got := testutil.ToFloat64(m.info.WithLabelValues("studio", "Later", "Ana")); got != 1 || testutil.CollectAndCount(m.info) != 1 {
			t.Error("the metrics have another title")
		}
		u.ok(u.Update(show.Session{Title: "Whenever"}))
		if n := testutil.CollectAndCount(m.start); n != 0 {
			t.Errorf("%d starts are scheduled", n)
		}
	})
}
