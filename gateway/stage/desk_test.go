package stage

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

func TestPrepareAndTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.onAir("Théo")
		u.onAir("Mei")
		u.ok(u.Start("desk"))
		before := u.scene()
		u.ok(u.Prepare(show.LookPatch{Layout: new(show.OnePlusTwo), Spotlight: new(show.ParticipantID("Mei"))}))
		if got := u.Desk(); got.Program.Layout != show.Auto || got.Preview.Layout != show.OnePlusTwo || got.Preview.Cells[0].Participant != "Mei" {
			t.Errorf("preview: %+v\nprogram: %+v", got.Preview, got.Program)
		}
		if u.scene().Cells[0] != before.Cells[0] {
			t.Error("the program changed before it was taken")
		}
		u.ok(u.Take(true))
		got := u.scene()
		if u.shows("Mei host Théo"); got.Fade != 400*time.Millisecond || got.Cells[0].Rect.W != 852 {
			t.Errorf("taken with a fade: %+v", got)
		}
		if c := u.Desk().Program.Cells; len(c) != 3 || c[0].H != 1 || c[1].X != c[0].W {
			t.Errorf("the desk sees %+v", c)
		}
		u.onAir("Lou") // nobody fades into a layout that is not taken
		if got := u.scene(); got.Fade != 0 {
			t.Errorf("somebody came with a fade of %v", got.Fade)
		}
		u.ok(u.Prepare(show.LookPatch{Layout: new(show.Solo)}))
		u.ok(u.Take(false))
		// All are heard, whom the layout does not show below the first cell.
		u.shows("host Théo Lou Mei")
		if got := u.scene(); got.Fade != 0 || got.Cells[3].Rect != (transcode.Rect{W: 1280, H: 720}) || got.Cells[0].Rect.W != heardSize || !got.Cells[0].Card {
			t.Errorf("solo: %+v", got)
		}
		if c := u.Desk().Program.Cells; len(c) != 1 || c[0].Participant != "Mei" {
			t.Errorf("solo on the desk: %+v", c)
		}
		u.no(show.Invalid, u.Prepare(show.LookPatch{Layout: new(show.Layout("oval"))}))
		u.no(show.Invalid, u.Prepare(show.LookPatch{Slate: new(show.SlateKind("lunch"))}))
		u.no(show.NotFound, u.Prepare(show.LookPatch{Spotlight: new(show.ParticipantID("nobody"))}))
	})
}

// TestTwoAtTheDesk change different things at once, and both changes stay.
func TestTwoAtTheDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.onAir("Théo")
		var desks sync.WaitGroup
		for _, do := range []func() error{
			func() error { return u.Prepare(show.LookPatch{Layout: new(show.PiP)}) },
			func() error { return u.Prepare(show.LookPatch{Spotlight: new(show.ParticipantID("Théo"))}) },
			func() error { return u.Overlay(show.OverlayPatch{Logo: new(true)}) },
			func() error { return u.Overlay(show.OverlayPatch{LowerThird: &show.LowerThird{Title: "Ana"}}) },
			func() error { return u.Adjust("Théo", show.Adjustment{Volume: new(1.5)}, true) },
			func() error { return u.Adjust("Théo", show.Adjustment{Muted: new(true)}, true) },
		} {
			desks.Go(func() { u.ok(do()) })
		}
		desks.Wait()
		d := u.Desk()
		if l := d.Preview.Look; l.Layout != show.PiP || l.Spotlight != "Théo" {
			t.Errorf("preview: %+v", l)
		}
		if o := d.Overlays; !o.Logo || o.LowerThird == nil || o.LowerThird.Title != "Ana" {
			t.Errorf("overlays: %+v", o)
		}
		if p := u.person("Théo"); !p.Muted || p.Volume != 1.5 {
			t.Errorf("Théo: %+v", p)
		}
	})
}

// TestSlateAtOnce: what the desk prepares stays in preview.
func TestSlateAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.ok(u.Start("desk"))
		u.ok(u.Prepare(show.LookPatch{Layout: new(show.Grid)}))
		u.ok(u.Slate(show.BeRightBack))
		u.shows("[We will be right back]")
		if d := u.Desk(); d.Program.Layout != show.Auto || d.Preview.Layout != show.Grid || d.Preview.Slate != show.BeRightBack {
			t.Errorf("program %+v, preview %+v", d.Program.Look, d.Preview.Look)
		}
		u.ok(u.Take(false)) // which does not undo it
		u.shows("[We will be right back]")
		u.ok(u.Slate(show.NoSlate))
		u.shows("host")
		u.no(show.Invalid, u.Slate("lunch"))
	})
}

func TestOverlaysChangeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		png := []byte("PNG")
		u := newStudio(t, func(o *Options) { o.Logo = func() []byte { return png } })
		u.comes("host")
		u.ok(u.Start("desk"))
		epoch := u.Desk().Since
		u.ok(u.Overlay(show.OverlayPatch{Logo: new(true), LowerThird: &show.LowerThird{Title: " Ana ", Line: "Potter"}}))
		if s := u.scene(); s.Logo == nil || string(s.Logo.PNG) != "PNG" || *s.LowerThird != (transcode.LowerThird{Title: "Ana", Line: "Potter"}) {
			t.Errorf("overlays: %+v", s)
		}
		png = []byte("new")
		u.ok(u.Overlay(show.OverlayPatch{LowerThird: &show.LowerThird{}}))
		if s := u.scene(); s.LowerThird != nil || string(s.Logo.PNG) != "new" {
			t.Errorf("overlays: %+v", s)
		}
		u.no(show.Invalid, u.Overlay(show.OverlayPatch{LowerThird: &show.LowerThird{Title: strings.Repeat("é", 61)}}))

		u.ok(u.Prepare(show.LookPatch{Slate: new(show.BeRightBack)}))
		u.shows("host")
		u.ok(u.Take(false))
		u.shows("[We will be right back]")
		if p := u.Desk().Program; len(p.Cells) != 0 || p.Words != "We will be right back" {
			t.Errorf("under a slate: %+v", p)
		}
		u.ok(u.Overlay(show.OverlayPatch{SlateLine: new("Five minutes"), Until: new(epoch.Add(5 * time.Minute))}))
		u.shows("[Five minutes]")
		u.ok(u.Prepare(show.LookPatch{Slate: new(show.CountdownSlate)}))
		u.ok(u.Take(true))
		u.shows("[Five minutes]")
		if s := u.scene(); s.Slate.Until != 5*time.Minute || s.Fade != crossfade {
			t.Errorf("countdown: %+v", s.Slate)
		}
		u.ok(u.Prepare(show.LookPatch{Slate: new(show.NoSlate)}))
		u.ok(u.Take(false))
		u.shows("host")
	})
}

// TestWhoMayAdjust: the desk mutes and never unmutes; nobody does another's things.
func TestWhoMayAdjust(t *testing.T) {
	yes, no := new(true), new(false)
	for _, c := range []struct {
		what   string
		a      show.Adjustment
		byDesk bool
		kind   show.ErrorKind // empty: may
	}{
		{"desk mutes", show.Adjustment{Muted: yes}, true, ""},
		{"desk unmutes", show.Adjustment{Muted: no}, true, show.Conflict},
		{"person mutes as desk", show.Adjustment{Muted: yes}, false, show.Forbidden},
		{"desk turns camera off", show.Adjustment{CameraOff: yes}, true, ""},
		{"desk turns camera on", show.Adjustment{CameraOff: no}, true, show.Conflict},
		{"desk sets volume", show.Adjustment{Volume: new(2.0)}, true, ""},
		{"desk sets too much", show.Adjustment{Volume: new(2.1)}, true, show.Invalid},
		{"person sets volume", show.Adjustment{Volume: new(1.0)}, false, show.Forbidden},
		{"person mutes", show.Adjustment{SelfMuted: yes}, false, ""},
		{"person unmutes", show.Adjustment{SelfMuted: no}, false, ""},
		{"desk unmutes as person", show.Adjustment{SelfMuted: no}, true, show.Forbidden},
		{"desk turns camera on as person", show.Adjustment{SelfCameraOff: no}, true, show.Forbidden},
		{"person turns camera off", show.Adjustment{SelfCameraOff: yes}, false, ""},
		{"person takes a name", show.Adjustment{Name: new(" Théophile ")}, false, ""},
		{"person takes no name", show.Adjustment{Name: new("  ")}, false, show.Invalid},
		{"person takes a long name", show.Adjustment{Name: new(strings.Repeat("é", 41))}, false, show.Invalid},
		{"desk names a person", show.Adjustment{Name: new("Theo")}, true, ""},
		{"person raises a hand", show.Adjustment{Hand: yes}, false, ""},
		{"desk raises a hand", show.Adjustment{Hand: yes}, true, show.Forbidden},
		{"desk lowers a hand", show.Adjustment{Hand: no}, true, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			u := newStudio(t, nil)
			before := u.person("Théo")
			if err := u.Adjust("Théo", c.a, c.byDesk); show.KindOf(err) != c.kind {
				t.Errorf("%s: %v, want %q", c.what, err, c.kind)
			}
			if c.kind != "" && u.person("Théo") != before {
				t.Errorf("%s: refused, and something changed", c.what)
			}
			u.no(show.NotFound, u.Adjust("nobody", c.a, c.byDesk))
		})
	}
}

func TestMutedAndDark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.onAir("Théo")
		u.ok(u.Adjust("Théo", show.Adjustment{Muted: new(true), CameraOff: new(true)}, true))
		if c := u.scene().Cells[1]; !c.Silent || !c.Card {
			t.Errorf("muted and dark: %+v", c)
		}
		u.gets("host", "Théo?")
		u.ok(u.Adjust("Théo", show.Adjustment{SelfMuted: new(false), SelfCameraOff: new(false)}, false))
		if c := u.scene().Cells[1]; c.Silent || c.Card {
			t.Errorf("unmuted by themselves: %+v", c)
		}
		u.gets("host", "Théo+")
		u.ok(u.Adjust("Théo", show.Adjustment{Volume: new(0.5), Name: nil}, true))
		u.ok(u.Adjust("Théo", show.Adjustment{Name: new("Théophile")}, false))
		if c := u.scene().Cells[1]; c.Caption != "Théophile" {
			t.Errorf("renamed: %+v", c)
		}
		u.program(0).mu.Lock()
		defer u.program(0).mu.Unlock()
		if got := u.program(0).sources["Théo"]; got.Gain != 0.5 || got.Name != "Théophile" {
			t.Errorf("the mixer knows %+v", got)
		}
	})
}
