package stage

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// draw gives the program the picture that the stage's state asks for.
func (s *Stage) draw() {
	r := s.run
	if r == nil {
		return
	}
	scene := s.scene()
	r.shown = r.shown || r.live && len(scene.Cells) > 0
	if r.drawn == nil || !reflect.DeepEqual(*r.drawn, scene) {
		drawn := scene
		r.drawn = &drawn
		if s.fade {
			scene.Fade = crossfade
		}
		r.program.SetScene(scene)
	}
	s.fade = false
}

// scene is what is on the program: a slate when the host has put one up or there
// is nobody to look at, and cells otherwise.
func (s *Stage) scene() transcode.Scene {
	var scene transcode.Scene
	if slate := s.slate(s.program); slate != nil {
		scene.Slate = slate
	} else {
		scene.Cells = s.cells()
	}
	if l := s.overlays.LowerThird; l != nil && !s.leaving() {
		scene.LowerThird = &transcode.LowerThird{Title: l.Title, Line: l.Line}
	}
	if s.overlays.Logo {
		if png := s.o.Logo(); len(png) > 0 {
			scene.Logo = &transcode.Logo{PNG: png}
		}
	}
	return scene
}

func (s *Stage) leaving() bool { return s.run != nil && s.run.leaving }

// slate is the card that covers everything under a look; nil when none does.
func (s *Stage) slate(l show.Look) *transcode.Slate {
	line := s.emptyLine()
	card := transcode.Slate{Title: s.session.Title}
	switch {
	case s.leaving():
		card.Line = "Thank you for watching"
	case l.Slate == show.BeRightBack:
		card.Line = cmp.Or(s.overlays.SlateLine, "We will be right back")
	case l.Slate == show.CountdownSlate:
		card.Line = cmp.Or(s.overlays.SlateLine, "Starting soon")
		if s.run != nil && !s.overlays.Until.IsZero() {
			card.Until = max(0, s.overlays.Until.Sub(s.run.program.Epoch()))
		}
	case line != "":
		card.Line = line
	default:
		return nil
	}
	return &card
}

// emptyLine is what the slate says when there is nobody to look at; empty while
// there is somebody.
func (s *Stage) emptyLine() string {
	cast := s.cast(s.program)
	switch {
	case len(cast) == 0 && s.run != nil && s.run.shown:
		return "We will be right back"
	case len(cast) == 0:
		return "Starting soon"
	case len(cast) == 1 && cast[0].person.Role == show.Host && cast[0].feed.Load() == nil && s.away == nil:
		return cast[0].person.Name + " will be right back"
	}
	return ""
}

// cast are those who have a place in the picture, in the order in which layouts
// fill their cells: the spotlit one, the host, the guests in the order in which
// they came on air, then screens. Guests of the configuration come first, in its
// order.
func (s *Stage) cast(l show.Look) []*seat {
	var cast []*seat
	for _, t := range s.seats {
		// A host who was here keeps the first cell while guests hold the stage.
		if t.onAir() && (t.shown || t.seen && t.person.Role == show.Host) {
			cast = append(cast, t)
		}
	}
	rank := func(t *seat) int {
		switch {
		case t.person.ID == l.Spotlight:
			return 0
		case t.of != nil:
			return 3
		case t.person.Role == show.Host:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(cast, func(a, b *seat) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.turn, b.turn))
	})
	return cast
}

// heardSize is the cell of those whom the layout does not show. The mixer takes
// nothing smaller; it lies below the first cell.
const heardSize = 16

// cells places the cast. Whoever is on air is heard, also when a layout has no
// place for them.
func (s *Stage) cells() []transcode.Cell {
	cast := s.cast(s.program)
	places := s.program.Layout.Cells(len(cast), s.o.Program.Width, s.o.Program.Height)
	var cells []transcode.Cell
	for _, t := range cast[len(places):] {
		at := places[0]
		cells = append(cells, transcode.Cell{
			Source: t.source, Rect: transcode.Rect{X: at.X, Y: at.Y, W: heardSize, H: heardSize},
			Card: true, Silent: t.silent(),
		})
	}
	for i, c := range places {
		t := cast[i]
		cell := transcode.Cell{
			Source: t.source, Rect: transcode.Rect(c), Caption: t.person.Name,
			Card: t.dark(), Silent: t.silent(),
		}
		if t.of != nil {
			cell.Caption = "" // what is on it says enough
			cell.Fit = transcode.Contain
		}
		cells = append(cells, cell)
	}
	return cells
}

// picture is a look with the places that it gives to whoever is there now.
func (s *Stage) picture(l show.Look) show.Picture {
	p := show.Picture{Look: l, Cells: []show.PlacedCell{}}
	if slate := s.slate(l); slate != nil {
		p.Words = slate.Line
		return p
	}
	w, h := s.o.Program.Width, s.o.Program.Height
	cast := s.cast(l)
	for i, c := range l.Layout.Cells(len(cast), w, h) {
		p.Cells = append(p.Cells, show.PlacedCell{
			Participant: cast[i].person.ID,
			X:           float64(c.X) / float64(w), Y: float64(c.Y) / float64(h),
			W: float64(c.W) / float64(w), H: float64(c.H) / float64(h),
		})
	}
	return p
}
