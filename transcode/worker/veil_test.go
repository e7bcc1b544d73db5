package worker

import (
	"bytes"
	"image"
	"image/color"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
)

// paintRig is a painter with a scene maker, on time that is stepped.
type paintRig struct {
	t       *testing.T
	e       *engine
	p       painter
	canvas  *compose.Picture
	log     bytes.Buffer
	frame   int64
	program transcode.Program
}

func newPaintRig(t *testing.T) *paintRig {
	r := &paintRig{t: t, program: transcode.Program{Width: 640, Height: 360, FPS: 30}}
	r.e = &engine{program: r.program, log: slog.New(slog.NewTextHandler(&r.log, nil))}
	r.e.clock = func() time.Duration { return r.now() }
	r.e.stage.init()
	r.e.scenes = newScenes(r.e)
	r.p = painter{e: r.e}
	r.canvas = compose.NewPicture(640, 360)
	return r
}

func (r *paintRig) now() time.Duration { return time.Minute + r.program.FrameTime(r.frame) }

// set draws a scene as the worker does.
func (r *paintRig) set(sc transcode.Scene) {
	if sc.Logo != nil {
		r.e.scenes.setLogo(sc.Logo.PNG)
	}
	r.e.scenes.set(sc)
	r.e.scenes.ready.Store(r.e.scenes.draw(sc))
}

// paint makes n frames and returns the last.
func (r *paintRig) paint(n int) *compose.Picture {
	for range n {
		r.frame++
		r.p.paint(r.canvas, r.now(), r.now(), false)
	}
	out := compose.NewPicture(640, 360)
	compose.Blit(out, r.canvas, 0, 0)
	return out
}

// source adds one that shows a flat picture.
func (r *paintRig) source(id transcode.SourceID, w, h int, luma byte) *source {
	s := newSource(r.e, uint16(len(r.e.stage.byIndex)+1), transcode.Source{ID: id, Name: string(id), Gain: 1})
	r.e.stage.add(s)
	show(s, w, h, luma, r.now())
	return s
}

func equal(a, b *compose.Picture) bool {
	return bytes.Equal(a.Y, b.Y) && bytes.Equal(a.U, b.U) && bytes.Equal(a.V, b.V)
}

var full = transcode.Rect{W: 640, H: 360}

// TestOverlaysLeaveNoTrace: whatever lies over the picture, when it goes the picture
// is what it would have been, in still and in moving cells, and no card or caption
// was drawn again for it.
func TestOverlaysLeaveNoTrace(t *testing.T) {
	r := newPaintRig(t)
	a := r.source("a", 640, 360, 90)
	b := r.source("b", 200, 120, 170)
	bare := transcode.Scene{Cells: []transcode.Cell{
		{Source: "a", Rect: full, Caption: "Ana"},
		{Source: "b", Rect: transcode.Rect{X: 420, Y: 10, W: 200, H: 120}, Caption: "Théo"},
	}}
	r.set(bare)
	plain := r.paint(2)
	cards := len(r.e.scenes.pictures) + len(r.e.scenes.overlays)
	drawn := r.p.drawn
	dressed := bare
	dressed.Logo = &transcode.Logo{PNG: logoPNG(t, 64, 64, color.NRGBA{255, 255, 255, 160})}
	for i := range 100 {
		dressed.LowerThird = &transcode.LowerThird{Title: strings.Repeat("x", i%9+1)}
		r.set(dressed)
		r.paint(1 + i%4)
		switch i % 3 {
		case 0:
			show(a, 640, 360, 90, r.now())
		case 1:
			show(b, 200, 120, 170, r.now())
		}
	}
	if equal(r.paint(40), plain) {
		t.Fatal("the overlays do not show")
	}
	if got := len(r.e.scenes.pictures) + len(r.e.scenes.overlays); got != cards || &drawn[0] != &r.p.drawn[0] {
		t.Errorf("%d cards and captions kept, %d before the overlays came; everything drawn anew: %v", got, cards, &drawn[0] != &r.p.drawn[0])
	}
	r.set(bare)
	if left := r.paint(40); !equal(left, plain) {
		t.Error("the overlays have left something behind")
	}
	if n := len(r.p.veil.spare); n > 2 {
		t.Errorf("%d pictures are kept for overlays that are gone", n)
	}
}

// TestLowerThirdMoves: it comes from the left, rests, and the next one waits until it
// has gone.
func TestLowerThirdMoves(t *testing.T) {
	r := newPaintRig(t)
	r.source("a", 640, 360, 90)
	sc := transcode.Scene{Cells: []transcode.Cell{{Source: "a", Rect: full}}, LowerThird: &transcode.LowerThird{Title: "Ana Ruiz"}}
	r.set(transcode.Scene{Cells: sc.Cells})
	plain := r.paint(1)
	r.set(sc)
	lower := r.e.scenes.ready.Load().lower
	w, h := lower.Size()
	at := image.Rectangle{Min: lower.at, Max: lower.at.Add(image.Pt(w, h))}
	// edge is how far right the picture is covered at the height of the plate.
	edge := func(p *compose.Picture) int {
		row := (lower.at.Y + h/2) * p.YStride
		for x := p.W - 1; x >= 0; x-- {
			if p.Y[row+x] != 90 {
				return x + 1
			}
		}
		return 0
	}
	last := 0
	for range 15 {
		e := edge(r.paint(1))
		if e < last {
			t.Errorf("it went from %d back to %d", last, e)
		}
		last = e
	}
	if last < at.Max.X-2 || last > at.Max.X {
		t.Errorf("it rests at %d, want its right edge at %d", last, at.Max.X)
	}
	if rest := r.paint(1); !equal(rest, r.paint(1)) {
		t.Error("it does not stand still")
	}
	sc.LowerThird = &transcode.LowerThird{Title: "Ana Ruiz", Line: "Host"}
	r.set(sc)
	gone := false
	for range 10 {
		gone = gone || equal(r.paint(1), plain)
	}
	if !gone {
		t.Error("the next one came before it had gone")
	}
	if e := edge(r.paint(15)); e == 0 {
		t.Error("the next one has not come")
	}
	sc.LowerThird = &transcode.LowerThird{Title: "  "}
	r.set(sc)
	if !equal(r.paint(15), plain) {
		t.Error("an empty title shows something")
	}
}

func TestBadLogoIsTold(t *testing.T) {
	r := newPaintRig(t)
	r.source("a", 640, 360, 90)
	bare := transcode.Scene{Cells: []transcode.Cell{{Source: "a", Rect: full}}}
	r.set(bare)
	plain := r.paint(1)
	bad := bare
	bad.Logo = &transcode.Logo{PNG: claiming(logoPNG(t, 4, 4, color.White), 30000, 30000)}
	for range 3 {
		r.set(bad)
	}
	if !equal(r.paint(1), plain) {
		t.Error("something shows")
	}
	if got := r.log.String(); strings.Count(got, "the logo is not shown") != 1 || !strings.Contains(got, "30000×30000") {
		t.Errorf("the log says %q, want the reason once", got)
	}
	bad.Logo = &transcode.Logo{PNG: logoPNG(t, 64, 64, color.White)}
	r.set(bad)
	if equal(r.paint(1), plain) {
		t.Error("a good logo after a bad one does not show")
	}
}

// TestFade: the picture changes evenly from one scene to the next, moving cells go
// on moving under it, and what is no change of places cuts.
func TestFade(t *testing.T) {
	r := newPaintRig(t)
	a := r.source("a", 640, 360, 40)
	b := r.source("b", 640, 360, 200)
	luma := func(p *compose.Picture) int { return int(p.Y[20*p.YStride+20]) }
	only := func(id transcode.SourceID, fade time.Duration) transcode.Scene {
		return transcode.Scene{Cells: []transcode.Cell{{Source: id, Rect: full}}, Fade: fade}
	}
	r.set(only("a", time.Second))
	if got := luma(r.paint(1)); got != 40 {
		t.Errorf("the first scene is %d, want it at once", got)
	}
	r.set(only("b", 500*time.Millisecond))
	last, between := 40, 0
	for i := range 20 {
		got := luma(r.paint(1))
		if got < last {
			t.Errorf("frame %d goes back from %d to %d", i, last, got)
		}
		if got > 45 && got < 195 {
			between++
		}
		last = got
		if i == 5 { // names and overlays change meanwhile
			sc := only("b", 500*time.Millisecond)
			sc.LowerThird = &transcode.LowerThird{Title: "x"}
			r.set(sc)
			show(b, 640, 360, 200, r.now())
		}
	}
	if last != 200 || between < 8 || between > 15 {
		t.Errorf("%d frames between, then %d; want 15 for half a second", between, last)
	}
	// A caption alone, and a card, cut.
	sc := only("b", time.Second)
	sc.Cells[0].Card = true
	r.set(sc)
	card := r.e.scenes.ready.Load().cells[0].card
	if got := luma(r.paint(1)); got != int(card.Y[20*card.YStride+20]) {
		t.Errorf("a card fades: %d", got)
	}
	sc.Cells[0].Card = false
	r.set(sc)
	if got := luma(r.paint(1)); got != 200 {
		t.Errorf("away from the card it fades: %d", got)
	}
	show(a, 640, 360, 40, r.now())
	show(b, 640, 360, 200, r.now())
	// A cut ends a fade; a fade into the slate and a fade in a fade work.
	r.set(only("a", time.Second))
	r.paint(10)
	r.set(transcode.Scene{Slate: &transcode.Slate{Title: "Soon"}, Fade: time.Second})
	r.paint(10)
	r.set(only("b", -time.Second))
	if got := luma(r.paint(1)); got != 200 {
		t.Errorf("a cut gives %d", got)
	}
	show(a, 640, 360, 40, r.now())
	r.set(only("a", time.Hour))
	if r.paint(61); luma(r.canvas) != 40 {
		t.Errorf("a fade of an hour is at %d after two seconds", luma(r.canvas))
	}
}

// TestCountdownPaints: the slate counts, changes once a second, and says so under a
// logo too.
func TestCountdownPaints(t *testing.T) {
	r := newPaintRig(t)
	until := r.now() + 10*time.Second
	r.set(transcode.Scene{Slate: &transcode.Slate{Title: "Soon", Line: "x", Until: until}})
	last, changes := r.paint(1), 0
	for range 60 {
		now := r.paint(1)
		if !equal(now, last) {
			changes++
		}
		last = now
	}
	if changes != 2 {
		t.Errorf("%d changes in two seconds", changes)
	}
	counting := r.paint(1)
	r.set(transcode.Scene{Slate: &transcode.Slate{Title: "Soon", Line: "x"}})
	bare := r.paint(1)
	if equal(counting, bare) {
		t.Error("the countdown does not show")
	}
	slate := r.e.scenes.ready.Load().slate
	if !equal(bare, slate) {
		t.Error("something of the countdown is left")
	}
}

// TestSilentAndCard: a silent cell shows and is not heard; a card shows whatever
// comes.
func TestSilentAndCard(t *testing.T) {
	r := newPaintRig(t)
	a := r.source("a", 640, 360, 90)
	r.set(transcode.Scene{Cells: []transcode.Cell{{Source: "a", Rect: full, Silent: true}}})
	if got := r.paint(1); a.heard || got.Y[0] != 90 {
		t.Errorf("silent: heard %v, shows %d", a.heard, got.Y[0])
	}
	r.set(transcode.Scene{Cells: []transcode.Cell{{Source: "a", Rect: full, Card: true, Caption: "Ana"}}})
	show(a, 640, 360, 91, r.now())
	card := r.e.scenes.ready.Load().cells[0].card
	if got := r.paint(1); !a.heard || !equal(got, card) {
		t.Errorf("card: heard %v, shows %d", a.heard, got.Y[0])
	}
	show(a, 640, 360, 92, r.now())
	if got := r.paint(1); !equal(got, card) {
		t.Error("the camera shows through the card")
	}
}
