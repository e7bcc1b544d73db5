package worker

import (
	"image"
	"slices"
	"time"

	"github.com/regie-live/regie/transcode/compose"
)

// fade is a change from one picture to another.
type fade struct {
	from, to *compose.Picture // of the program's size, kept for the next time
	began    time.Duration
	length   time.Duration // 0: there is none
}

// fades reports whether frame is within a crossfade. One begins when who sits
// where has changed with a scene that asks for it, from what the canvas holds; any
// other change of that kind ends one.
func (p *painter) fades(canvas *compose.Picture, sc *scene, frame time.Duration) bool {
	f := &p.fade
	if before := p.scene; sc != before && before != nil && !slices.Equal(before.look, sc.look) {
		f.length = 0
		if sc.fade > 0 && before != nothing {
			f.start(canvas, frame, sc.fade)
		}
	}
	if frame-f.began >= f.length {
		f.length = 0
	}
	return f.length > 0
}

func (f *fade) start(canvas *compose.Picture, frame, length time.Duration) {
	if f.from == nil || f.from.W != canvas.W || f.from.H != canvas.H {
		f.from, f.to = compose.NewPicture(canvas.W, canvas.H), compose.NewPicture(canvas.W, canvas.H)
	}
	compose.Blit(f.from, canvas, 0, 0)
	f.began, f.length = frame, length
}

// share is how much of the new picture shows: it starts and ends softly.
func (f *fade) share(frame time.Duration) int {
	x := float64(frame-f.began) / float64(f.length)
	return int(smooth(x) * compose.MixWhole)
}

// smooth goes from 0 to 1 with no speed at either end.
func smooth(x float64) float64 {
	x = min(max(x, 0), 1)
	return x * x * (3 - 2*x)
}

// veil is what lies over the picture, and what it hides.
type veil struct {
	canvas *byte // what hidden was taken from
	hidden []patch
	spare  []*compose.Picture
	lower  slide
}

type patch struct {
	pic *compose.Picture
	at  image.Rectangle // the part of pic from its corner that was taken
}

// lift puts back what the overlays of the last frame hide. Another canvas is drawn
// anew.
func (v *veil) lift(canvas *compose.Picture) {
	if v.canvas == &canvas.Y[0] {
		for _, h := range slices.Backward(v.hidden) {
			compose.Blit(canvas, h.pic.Sub(0, 0, h.at.Dx(), h.at.Dy()), h.at.Min.X, h.at.Min.Y)
		}
	}
	for _, h := range v.hidden {
		v.spare = append(v.spare, h.pic)
	}
	v.hidden = v.hidden[:0]
}

// cover draws the overlays.
func (v *veil) cover(canvas *compose.Picture, sc *scene, frame time.Duration) {
	v.canvas = &canvas.Y[0]
	if sc.logo != nil {
		v.blend(canvas, sc.logo.Overlay, sc.logo.at)
	}
	if l, at := v.lower.step(sc.lower, frame); l != nil {
		v.blend(canvas, l.Overlay, at)
	}
}

func (v *veil) blend(canvas *compose.Picture, o *compose.Overlay, at image.Point) {
	w, h := o.Size()
	r := image.Rect(at.X&^1, at.Y&^1, at.X&^1+w, at.Y&^1+h).Intersect(image.Rect(0, 0, canvas.W, canvas.H))
	if r.Empty() {
		return
	}
	keep := v.patch(w, h)
	compose.Blit(keep, canvas.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy()), 0, 0)
	v.hidden = append(v.hidden, patch{keep, r})
	o.Blend(canvas, at.X, at.Y)
}

// patch is a picture of at least w × h, one that was used before if there is one.
func (v *veil) patch(w, h int) *compose.Picture {
	for i, p := range v.spare {
		if p.W == w && p.H == h {
			v.spare = slices.Delete(v.spare, i, i+1)
			return p
		}
	}
	v.spare = nil // of overlays that are gone
	return compose.NewPicture(w, h)
}

const (
	slideIn  = 400 * time.Millisecond
	slideOut = 300 * time.Millisecond
)

// slide moves lower thirds in from the left and out again, one after the other.
type slide struct {
	on      *placed
	leaving bool
	began   time.Duration
}

// step says which lower third shows in a frame, and where.
func (s *slide) step(want *placed, frame time.Duration) (*placed, image.Point) {
	if s.leaving && frame-s.began >= slideOut {
		s.on, s.leaving = nil, false
	}
	switch {
	case s.on == nil && want != nil:
		*s = slide{on: want, began: frame}
	case s.on != nil && !s.leaving && s.on != want:
		out := 1 - s.in(frame)
		s.leaving, s.began = true, frame-time.Duration(out*float64(slideOut))
	}
	if s.on == nil {
		return nil, image.Point{}
	}
	w, _ := s.on.Size()
	x := s.on.at.X - int((1-s.in(frame))*float64(s.on.at.X+w))
	return s.on, image.Pt(x, s.on.at.Y)
}

// in is how far in it is, 0 to 1.
func (s *slide) in(frame time.Duration) float64 {
	if s.leaving {
		return 1 - smooth(float64(frame-s.began)/float64(slideOut))
	}
	return smooth(float64(frame-s.began) / float64(slideIn))
}
