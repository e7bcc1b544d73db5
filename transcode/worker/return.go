package worker

import (
	"context"
	"image"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

const (
	returnWidth, returnHeight = 640, 360 // most; the other way round for upright pictures
	returnRate                = 30       // pictures a second at most, or the program's
	returnKbps                = 600
	returnOpusKbps            = 64
	returnKeys                = 2 * time.Second        // from one keyframe to the next at most
	returnExtraKeys           = 500 * time.Millisecond // and at least, on demand
	returnPause               = time.Second            // after which a picture is a keyframe
	soundWait                 = 25                     // blocks of 20 ms in front of the encoder

	blockPairs = libav.SampleRate / 50
	blockTime  = 20 * time.Millisecond
	// soundSlip is by how much sound may be off the even distances of its packets
	// before they begin again at its own time: receivers count samples, and a
	// publisher's clock drifts.
	soundSlip = 60 * time.Millisecond
)

// returner codes one source anew, for other participants, from the pictures and
// sounds that its feed has decoded anyway. It has a goroutine of its own. The feed
// leaves the newest picture for it, in the place of one that was not fetched, and a
// bounded number of blocks of sound: a slow encoder loses pictures before they are
// coded and delays nobody. So nothing coded is ever dropped. A nil returner does
// nothing.
type returner struct {
	s    *source
	stop context.CancelFunc

	wake  chan struct{} // of 1: a picture waits
	sound chan block    // of soundWait
	key   atomic.Bool   // somebody asked for a keyframe

	mu      sync.Mutex
	waiting *still
	spare   *still

	// These belong to the feeds; a publisher's feed may end while the next begins.
	hearing sync.Mutex
	blocks  blocks
	seeing  sync.Mutex
	last    time.Duration // program time of the last picture taken

	picture pictureCoder
}

// still is a picture for the encoder.
type still struct {
	pic *compose.Picture
	at  time.Duration
}

// block is 20 ms of sound.
type block struct {
	samples []float32
	at      time.Duration
}

// setReturn starts or ends coding the source anew. Only the reader calls it.
func (s *source) setReturn(on bool) {
	r := s.returns.Load()
	switch {
	case on && r == nil:
		r = &returner{s: s, wake: make(chan struct{}, 1), sound: make(chan block, soundWait), last: never}
		r.picture.r = r
		var ctx context.Context
		ctx, r.stop = context.WithCancel(s.e.ctx)
		s.returns.Store(r)
		s.e.wg.Go(func() { r.run(ctx) })
	case !on && r != nil:
		s.returns.Store(nil)
		r.stop()
	}
}

// wish asks for a keyframe.
func (r *returner) wish() {
	if r != nil {
		r.key.Store(true)
	}
}

// see takes a picture, if one is due.
func (r *returner) see(f *libav.Frame, at, now time.Duration) {
	if r == nil {
		return
	}
	r.seeing.Lock()
	defer r.seeing.Unlock()
	// Three quarters, because pictures come a little early and late.
	least := time.Second * 3 / 4 / time.Duration(min(r.s.e.program.FPS, returnRate))
	if d := at - r.last; d >= 0 && d < least || d < 0 && -d < time.Second {
		return
	}
	r.last = at
	size := returnSize(f.W, f.H)
	st := r.blank(size)
	if err := f.ScaleTo(st.pic, image.Rect(0, 0, f.W, f.H)); err != nil {
		r.s.errors.Add(1)
		return
	}
	st.at = at
	r.mu.Lock()
	r.waiting, r.spare = st, r.waiting
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// returnSize is the largest even size of the picture's shape within the limits, and
// not larger than the picture.
func returnSize(w, h int) image.Point {
	most := image.Pt(returnWidth, returnHeight)
	if h > w {
		most = image.Pt(returnHeight, returnWidth)
	}
	if w <= most.X && h <= most.Y {
		most = image.Pt(w&^1, h&^1)
	}
	// An encoder needs 16 pixels; what is flatter is stretched.
	size := compose.FitContain(w, h, most.X, most.Y).Size()
	return image.Pt(max(size.X, 16), max(size.Y, 16))
}

// blank returns a picture to scale to.
func (r *returner) blank(size image.Point) *still {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.spare
	r.spare = nil
	if st == nil || st.pic.W != size.X || st.pic.H != size.Y {
		st = &still{pic: compose.NewPicture(size.X, size.Y)}
	}
	return st
}

// take fetches the picture that waits; done gives it back.
func (r *returner) take() *still {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.waiting
	r.waiting = nil
	return st
}

func (r *returner) done(st *still) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = st
}

// hear takes sound of program time at.
func (r *returner) hear(samples []float32, at time.Duration) {
	if r == nil {
		return
	}
	r.hearing.Lock()
	defer r.hearing.Unlock()
	r.blocks.write(samples, at, func(b block) {
		select {
		case r.sound <- b:
		default: // the encoder is half a second behind
		}
	})
}

// blocks cuts sound into packets' lengths, evenly in time.
type blocks struct {
	buf  []float32
	next time.Duration // program time of buf's first pair
}

func (b *blocks) write(samples []float32, at time.Duration, each func(block)) {
	have := time.Duration(len(b.buf)/2) * time.Second / libav.SampleRate
	switch d := at - (b.next + have); {
	case d > soundSlip:
		b.buf, b.next = b.buf[:0], at
	case d < -soundSlip: // a clock was set back: what has been said already is left out
		return
	}
	b.buf = append(b.buf, samples...)
	n := 0
	for ; len(b.buf)-n >= 2*blockPairs; n += 2 * blockPairs {
		each(block{append([]float32(nil), b.buf[n:n+2*blockPairs]...), b.next})
		b.next += blockTime
	}
	b.buf = append(b.buf[:0], b.buf[n:]...)
}

// run codes until ctx is done. An encoder that fails costs the others this source,
// and not the program.
func (r *returner) run(ctx context.Context) {
	defer r.stop()
	defer r.picture.close()
	if err := r.code(ctx); err != nil && ctx.Err() == nil {
		r.s.errors.Add(1)
		r.s.e.log.Error("a source cannot be coded for the other participants; it is tried again when it is asked for again",
			"participant", r.s.id, "error", err)
	}
}

func (r *returner) code(ctx context.Context) error {
	enc, err := libav.OpenAudioEncoder(media.Opus, returnOpusKbps)
	if err != nil {
		return err
	}
	defer enc.Close()
	early := time.Duration(enc.Delay()) * time.Second / libav.SampleRate
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-r.sound:
			data, err := enc.Encode(b.samples)
			if err == nil && data != nil {
				err = r.send(media.Audio, b.at-early, true, data)
			}
			if err != nil {
				return err
			}
		case <-r.wake:
			if st := r.take(); st != nil {
				err := r.picture.code(st)
				r.done(st)
				if err != nil {
					return err
				}
			}
		}
	}
}

func (r *returner) send(kind media.Kind, at time.Duration, key bool, data []byte) error {
	m := wire.Message{Type: wire.ReturnUnit, Kind: uint8(kind), Source: r.s.index, PTS: int64(at), Payload: data}
	if key {
		m.Flags = wire.Key
	}
	return r.s.e.out.send(m)
}

// pictureCoder makes the pictures' packets. It belongs to the returner's goroutine.
type pictureCoder struct {
	r     *returner
	enc   *libav.VideoEncoder
	size  image.Point
	n     int64         // pictures coded with enc
	last  time.Duration // program time of the last picture
	keyed time.Duration // and of the last keyframe
}

func (c *pictureCoder) code(st *still) error {
	if size := image.Pt(st.pic.W, st.pic.H); c.enc == nil || size != c.size {
		c.close()
		enc, err := libav.OpenVideoEncoder(libav.VideoEncoderConfig{W: size.X, H: size.Y, FPS: min(c.r.s.e.program.FPS, returnRate), Kbps: returnKbps})
		if err != nil {
			return err
		}
		c.enc, c.size, c.n = enc, size, 0
	}
	canvas := c.enc.Canvas()
	if canvas == nil {
		return errCanvas
	}
	compose.Blit(canvas, st.pic, 0, 0)
	at := st.at
	if at <= c.last { // the publisher's clock was set back
		at = c.last + time.Millisecond
	}
	data, key, err := c.enc.Encode(c.n, c.wantsKey(at))
	if err != nil {
		return err
	}
	if key {
		c.keyed = at
	}
	c.n++
	c.last = at
	return c.r.send(media.Video, at, key, data)
}

// wantsKey says whether the picture of program time at is a keyframe. A wish that
// comes too soon waits.
func (c *pictureCoder) wantsKey(at time.Duration) bool {
	since := at - c.keyed
	if c.n == 0 || at-c.last > returnPause || since >= returnKeys || since >= returnExtraKeys && c.r.key.Load() {
		c.r.key.Store(false)
		return true
	}
	return false
}

func (c *pictureCoder) close() {
	if c.enc != nil {
		c.enc.Close()
		c.enc = nil
	}
}
