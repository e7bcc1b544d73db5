package worker

import (
	"context"
	"image"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/slate"
)

// cardsKept bounds the name cards, captions and slates that are kept drawn.
const cardsKept = 64

// scene is a transcode.Scene with everything drawn that does not move.
type scene struct {
	slate   *compose.Picture
	count   *digits       // what the slate counts down with; nil when it does not
	until   time.Duration // program time that is counted to
	cells   []cell
	overlap bool // cells cover each other, so order matters
	lower   *placed
	logo    *placed
	fade    time.Duration
	look    []seat // what a change of is worth a fade
}

type cell struct {
	source  transcode.SourceID
	rect    transcode.Rect
	card    *compose.Picture
	off     bool             // the card shows whatever comes
	caption *compose.Overlay // nil without one
	at      image.Point      // of the caption, in the program
}

// placed is an overlay with its place in the program.
type placed struct {
	*compose.Overlay
	at image.Point
}

// seat is who sits where, or what a slate says.
type seat struct {
	source      transcode.SourceID
	rect        transcode.Rect
	title, line string
}

// same reports whether what moves looks the same in both: all but their overlays
// and what a slate counts to.
func (sc *scene) same(other *scene) bool {
	return sc.slate == other.slate && slices.Equal(sc.cells, other.cells)
}

// scenes prepares scenes in its own goroutine, because drawing text takes
// milliseconds that a tick does not have. Only the newest matters: a scene that
// comes while another is being drawn replaces any that waits.
type scenes struct {
	e     *engine
	wake  chan struct{}
	ready atomic.Pointer[scene]
	first chan struct{} // closed when the first is ready

	mu     sync.Mutex
	wanted transcode.Scene
	known  bool   // wanted is set
	png    []byte // the logo

	// These belong to run.
	pictures map[drawing]*compose.Picture
	overlays map[drawing]*compose.Overlay
	pen      *slate.Pen
	graphics graphics
}

// drawing identifies one that is kept.
type drawing struct {
	kind       byte // 'c'aption, 'n'ame card, 's'late
	text, line string
	w, h       int
}

func newScenes(e *engine) *scenes {
	pen := slate.NewPen(e.fonts, e.lacksFont)
	return &scenes{
		e: e, wake: make(chan struct{}, 1), first: make(chan struct{}), pen: pen, graphics: graphics{pen: pen},
		pictures: make(map[drawing]*compose.Picture), overlays: make(map[drawing]*compose.Overlay),
	}
}

// set asks for sc.
func (s *scenes) set(sc transcode.Scene) {
	s.mu.Lock()
	s.wanted, s.known = sc, true
	s.mu.Unlock()
	s.place(sc) // at once: what comes next is scaled to it
	s.refresh()
}

// refresh draws again: names may have changed.
func (s *scenes) refresh() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *scenes) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		}
		s.mu.Lock()
		sc, known := s.wanted, s.known
		s.mu.Unlock()
		if !known {
			continue
		}
		s.place(sc) // sources may have come since
		first := s.ready.Swap(s.draw(sc)) == nil
		if first {
			close(s.first)
		}
	}
}

func (s *scenes) draw(sc transcode.Scene) *scene {
	if len(s.pictures)+len(s.overlays) > cardsKept {
		clear(s.pictures)
		clear(s.overlays)
	}
	p := s.e.program
	out := &scene{fade: min(max(sc.Fade, 0), transcode.MaxFade), lower: s.graphics.lowerThird(sc.LowerThird, p)}
	if sc.Logo != nil {
		out.logo = s.graphics.logo(s.logo(), p, s.e.log)
	}
	if sl := sc.Slate; sl != nil {
		out.slate = s.picture(drawing{'s', sl.Title, sl.Line, p.Width, p.Height})
		out.look = []seat{{title: sl.Title, line: sl.Line}}
		if sl.Until != 0 {
			out.count, out.until = s.graphics.countdown(p), sl.Until
		}
		return out
	}
	for _, c := range sc.Cells {
		r, ok := s.within(c.Rect)
		if !ok {
			continue
		}
		for _, before := range out.cells {
			out.overlap = out.overlap || rectangle(before.rect).Overlaps(rectangle(r))
		}
		out.cells = append(out.cells, s.cell(c, r))
		out.look = append(out.look, seat{source: c.Source, rect: r})
	}
	return out
}

// within is the part of a cell that lies in the program, if it is large enough to
// show anything.
func (s *scenes) within(cell transcode.Rect) (transcode.Rect, bool) {
	at := rectangle(cell).Intersect(image.Rect(0, 0, s.e.program.Width, s.e.program.Height))
	r := transcode.Rect{X: at.Min.X &^ 1, Y: at.Min.Y &^ 1, W: at.Dx() &^ 1, H: at.Dy() &^ 1}
	return r, at.Dx() >= 16 && at.Dy() >= 16
}

// setLogo takes another picture for the logo; nil is none.
func (s *scenes) setLogo(png []byte) {
	s.mu.Lock()
	s.png = png
	s.mu.Unlock()
	s.refresh()
}

func (s *scenes) logo() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.png
}

// place tells the sources what is seen and heard of them: the largest of their
// cells decides how they are scaled.
func (s *scenes) place(sc transcode.Scene) {
	shapes, heard := make(map[transcode.SourceID]shape), make(map[transcode.SourceID]bool)
	if sc.Slate == nil {
		for _, c := range sc.Cells {
			r, ok := s.within(c.Rect)
			heard[c.Source] = heard[c.Source] || ok && !c.Silent
			if sh := shapes[c.Source]; ok && r.W*r.H > sh.w*sh.h {
				shapes[c.Source] = shape{r.W, r.H, c.Fit}
			}
		}
	}
	for _, src := range s.e.stage.all(nil) {
		sh, ok := shapes[src.id]
		src.setHeard(heard[src.id])
		if ok {
			src.shape.Store(&sh)
		} else {
			src.shape.Store(nil)
		}
	}
}

func (s *scenes) cell(c transcode.Cell, r transcode.Rect) cell {
	name := c.Caption
	if src := s.e.stage.find(c.Source); src != nil {
		name = *src.name.Load()
	}
	out := cell{source: c.Source, rect: r, off: c.Card, card: s.picture(drawing{'n', name, "", r.W, r.H})}
	if o := s.caption(drawing{'c', c.Caption, "", r.W, r.H}); o != nil {
		_, h := o.Size()
		inset := slate.Inset(r.H)
		out.caption, out.at = o, image.Pt(r.X+inset, r.Y+r.H-h-inset)
	}
	return out
}

func (s *scenes) picture(d drawing) *compose.Picture {
	if p := s.pictures[d]; p != nil {
		return p
	}
	img := s.pen.NameCard
	if d.kind == 's' {
		img = func(text string, w, h int) *image.RGBA { return s.pen.Card(text, d.line, w, h) }
	}
	p := compose.FromImage(img(d.text, d.w, d.h))
	s.pictures[d] = p
	return p
}

// caption is nil when there is nothing to write or no room.
func (s *scenes) caption(d drawing) *compose.Overlay {
	if o := s.overlays[d]; o != nil {
		return o
	}
	img := s.pen.Caption(d.text, d.w, d.h)
	if img == nil {
		return nil
	}
	o := compose.NewOverlay(img)
	s.overlays[d] = o
	return o
}

func rectangle(r transcode.Rect) image.Rectangle { return image.Rect(r.X, r.Y, r.X+r.W, r.Y+r.H) }
