package worker

import (
	"image"
	"time"

	"github.com/regie-live/regie/transcode/compose"
)

// holdPicture is how long the last picture of a source stands before its name
// card comes.
const holdPicture = 3 * time.Second

// painter draws the scene on the encoder's canvas. It draws only what differs from
// what the canvas holds already. Overlays hide what is under them, so that is kept
// and put back before the next frame is drawn: a frame without overlays pays nothing
// for them.
type painter struct {
	e       *engine
	canvas  *byte // what drawn describes; another canvas is drawn anew
	scene   *scene
	drawn   []content // by cell
	clock   string    // of the slate
	sources []*source
	fade    fade
	veil    veil
}

// nothing is shown until there is a scene.
var nothing = &scene{}

// content is what a cell shows.
type content struct {
	pic *compose.Picture
	seq uint64 // of a tile, whose memory is used again; 0 for a card
}

// paint draws the frame of program time frame; late when it is made long after. host is the first cell's source and
// t its picture, when that is new.
func (p *painter) paint(canvas *compose.Picture, now, frame time.Duration, late bool) (host *source, t *tile) {
	sc := p.e.scenes.ready.Load()
	if sc == nil {
		sc = nothing
	}
	host, t = p.turn(sc, now, frame, late)
	p.veil.lift(canvas)
	under := canvas
	if p.fades(canvas, sc, frame) {
		under = p.fade.to
	}
	p.draw(under, sc, now, frame)
	if under != canvas {
		compose.Mix(canvas, p.fade.from, under, p.fade.share(frame))
	}
	p.veil.cover(canvas, sc, frame)
	return host, t
}

// draw brings canvas up to the scene, but for what lies over everything.
func (p *painter) draw(canvas *compose.Picture, sc *scene, now, frame time.Duration) {
	all := p.begin(canvas, sc)
	if sc.slate != nil {
		if clock := sc.clock(frame); all || clock != p.clock {
			compose.Blit(canvas, sc.slate, 0, 0)
			sc.count.write(canvas, clock)
			p.clock = clock
		}
		return
	}
	for i, c := range sc.cells {
		show := p.choose(c, now)
		if !all && show == p.drawn[i] {
			continue
		}
		p.cell(canvas, c, show.pic)
		p.drawn[i] = show
		all = all || sc.overlap // what lies above must be drawn again
	}
}

// turn puts every source's newest picture on show.
func (p *painter) turn(sc *scene, now, frame time.Duration, late bool) (host *source, first *tile) {
	p.sources = p.e.stage.all(p.sources[:0])
	for _, s := range p.sources {
		t, fresh := s.tiles.take(now)
		if !fresh || late {
			continue
		}
		leads := len(sc.cells) > 0 && s.id == sc.cells[0].source
		s.shown(t.at, frame, leads)
		if leads {
			host, first = s, t
		}
	}
	return host, first
}

// begin reports whether everything must be drawn.
func (p *painter) begin(canvas *compose.Picture, sc *scene) bool {
	before := p.scene
	p.scene = sc
	if before != nil && p.canvas == &canvas.Y[0] && (before == sc || before.same(sc)) {
		return false
	}
	p.canvas = &canvas.Y[0]
	p.drawn = make([]content, len(sc.cells))
	canvas.Fill(compose.BlackY, compose.BlackC, compose.BlackC)
	return true
}

// choose is the source's picture, or its name card while there is none to show.
func (p *painter) choose(c cell, now time.Duration) content {
	var s *source
	for _, o := range p.sources {
		if o.id == c.source {
			s = o
		}
	}
	if c.off || s == nil || s.tiles.current == nil || s.tiles.age(now) > holdPicture {
		return content{pic: c.card}
	}
	return content{s.tiles.current.pic, s.tiles.current.seq}
}

func (p *painter) cell(canvas *compose.Picture, c cell, pic *compose.Picture) {
	r := c.rect
	if pic.W == r.W && pic.H == r.H {
		compose.Blit(canvas, pic, r.X, r.Y)
	} else {
		stretch(canvas.Sub(r.X, r.Y, r.W, r.H), pic)
	}
	if c.caption != nil && pic != c.card {
		c.caption.Blend(canvas, c.at.X, c.at.Y)
	}
}

// stretch draws a picture that was scaled for another cell: roughly, because it
// is seen only until the source's next one.
func stretch(dst, src *compose.Picture) {
	dst.Fill(compose.BlackY, compose.BlackC, compose.BlackC)
	in := compose.FitContain(src.W, src.H, dst.W, dst.H)
	stretchPlane(dst.Y, dst.YStride, in, src.Y, src.YStride, src.W, src.H)
	half := image.Rect(in.Min.X/2, in.Min.Y/2, in.Max.X/2, in.Max.Y/2)
	stretchPlane(dst.U, dst.CStride, half, src.U, src.CStride, src.W/2, src.H/2)
	stretchPlane(dst.V, dst.CStride, half, src.V, src.CStride, src.W/2, src.H/2)
}

func stretchPlane(d []byte, stride int, to image.Rectangle, s []byte, from, w, h int) {
	for y := range to.Dy() {
		out := d[(to.Min.Y+y)*stride+to.Min.X:][:to.Dx()]
		row := s[y*h/to.Dy()*from:]
		for x := range out {
			out[x] = row[x*w/len(out)]
		}
	}
}
