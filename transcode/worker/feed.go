package worker

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

const (
	// ahead is how long before its time a picture is decoded at the earliest.
	// Waiting coded takes a hundredth of the memory of waiting as a picture.
	ahead = 200 * time.Millisecond
	// crowd is how many waiting access units make late pictures not worth scaling.
	crowd = 8
	// tardy is how late a picture must be for that.
	tardy = 100 * time.Millisecond
)

// unit is an access unit with its place in program time.
type unit struct {
	data              []byte
	at                time.Duration
	key, replay, last bool
}

// line is the bounded queue in front of a decoder.
type line chan unit

func (l line) offer(u unit) bool {
	select {
	case l <- u:
		return true
	default:
		return false
	}
}

// feed decodes what one publisher sends. It ends with stop; its goroutines belong
// to the engine's WaitGroup.
type feed struct {
	s            *source
	ctx          context.Context
	stop         context.CancelFunc
	video, audio line
	gap          bool // the reader drops pictures up to a keyframe
}

func newFeed(s *source) *feed {
	f := &feed{s: s}
	f.ctx, f.stop = context.WithCancel(s.e.ctx)
	return f
}

// add starts decoding t. A second track of one kind is ignored.
func (f *feed) add(t media.Track) {
	switch {
	case t.Codec.Kind() == media.Video && f.video == nil:
		f.video = make(line, videoWait)
		v := &videoFeed{feed: f, track: t, waiting: true}
		f.s.e.wg.Go(v.run)
	case t.Codec.Kind() == media.Audio && f.audio == nil:
		f.audio = make(line, audioWait)
		f.s.e.wg.Go(func() { f.listen(t) })
	}
}

// listen decodes the audio track.
func (f *feed) listen(t media.Track) {
	dec, err := libav.OpenAudioDecoder(t)
	if err != nil {
		f.useless(t, err)
		return
	}
	defer dec.Close()
	for {
		select {
		case <-f.ctx.Done():
			return
		case u := <-f.audio:
			samples, err := dec.Decode(u.data)
			if err != nil {
				f.s.errors.Add(1)
			}
			if len(samples) > 0 && f.ctx.Err() == nil {
				at := u.at - time.Duration(dec.Delay())*time.Second/libav.SampleRate
				f.s.input.Write(samples, at, f.s.e.now())
				f.s.meter.write(samples, f.s.e.now())
				f.s.returns.Load().hear(samples, at)
			}
		}
	}
}

// useless tells that a track cannot be decoded at all; its units go nowhere.
func (f *feed) useless(t media.Track, err error) {
	f.s.errors.Add(1)
	f.s.e.log.Error("track cannot be decoded; send another codec, or fix the encoder's settings", "participant", f.s.id, "codec", t.Codec, "error", err)
}

// videoFeed decodes and scales the video track.
type videoFeed struct {
	*feed
	track   media.Track
	dec     *libav.VideoDecoder
	waiting bool // for a keyframe: nothing is shown before
	told    bool // that the stream has errors
	damaged bool // the unit at hand
	unit    unit
}

func (v *videoFeed) run() {
	dec, err := libav.OpenVideoDecoder(v.track, v.s.e.program.MaxPixels)
	if err != nil {
		v.useless(v.track, err)
		v.drain()
		return
	}
	v.dec = dec
	defer dec.Close()
	for {
		select {
		case <-v.ctx.Done():
			v.drain()
			return
		case u := <-v.video:
			if v.await(u.at) {
				v.decode(u)
			}
			v.s.endReplay(u)
		}
	}
}

// drain lets nobody wait for a replay that will not be decoded.
func (v *videoFeed) drain() {
	for {
		select {
		case u := <-v.video:
			v.s.endReplay(u)
		default:
			return
		}
	}
}

// await holds back what is far ahead of its time.
func (v *videoFeed) await(at time.Duration) bool {
	wait := at + time.Duration(v.s.hold.Load()) - ahead - v.s.e.now()
	if wait <= 0 {
		return v.ctx.Err() == nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-v.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (v *videoFeed) decode(u unit) {
	if v.waiting {
		if !u.key {
			v.s.dropped.Add(1)
			v.s.askKeyframe()
			return
		}
		v.dec.Flush()
		v.waiting = false
	}
	v.unit, v.damaged = u, false
	err := v.dec.Decode(u.data, u.at, v.picture)
	if err == nil && !v.damaged {
		return
	}
	v.s.errors.Add(1)
	v.waiting = true
	v.s.askKeyframe()
	if !v.told {
		v.told = true
		v.s.e.log.Warn("the picture is damaged, or larger than this program takes; it stands still until a keyframe comes",
			"participant", v.s.id, "codec", v.track.Codec, "max_pixels", v.s.e.program.MaxPixels, "error", err)
	}
}

// picture takes one decoded picture.
func (v *videoFeed) picture(f *libav.Frame) {
	if f.Corrupt {
		v.damaged = true
	}
	if v.damaged || v.ctx.Err() != nil {
		return
	}
	now := v.s.e.now()
	at := f.PTS
	if at > now+time.Second || at < now-5*time.Second {
		at = now // from before a jump of the publisher's clock
	}
	v.s.size.Store(uint64(f.W)<<32 | uint64(f.H))
	v.s.cadence.note(at, now)
	if v.unit.replay && !v.unit.last || len(v.video) > crowd && at < now-tardy {
		return
	}
	sh := v.s.shape.Load()
	if sh == nil {
		sh = &idle
	}
	t := v.s.tiles.blank(*sh)
	if err := t.draw(f, *sh); err != nil {
		v.s.errors.Add(1)
		v.s.tiles.release(t)
		return
	}
	t.at, t.due = at, at+time.Duration(v.s.hold.Load())
	v.s.tiles.put(t, v.s.e.now())
	v.s.returns.Load().see(f, at, now)
}

// shape is what a source's pictures are scaled to.
type shape struct {
	w, h int
	fit  transcode.Fit
}

// idle is the shape of a source that is in no cell: enough to show for the one
// frame until the first of the right size comes.
var idle = shape{320, 180, transcode.Contain}

// draw scales f into t, and crops it or leaves bars where the shapes differ.
func (t *tile) draw(f *libav.Frame, sh shape) error {
	src := compose.CropCover(f.W, f.H, sh.w, sh.h)
	// Half of a picture is what two 16:9 people side by side keep in 16:9.
	enough := 100*src.Dx()*src.Dy() >= 49*f.W*f.H
	if sh.fit == transcode.Cover || sh.fit == transcode.Auto && enough {
		if src.Empty() {
			return fmt.Errorf("worker: a picture of %d×%d cannot be cropped", f.W, f.H)
		}
		t.inner = image.Rect(0, 0, sh.w, sh.h)
		return f.ScaleTo(t.pic, src)
	}
	in := compose.FitContain(f.W, f.H, sh.w, sh.h)
	if in != t.inner {
		t.pic.Fill(compose.BlackY, compose.BlackC, compose.BlackC)
		t.inner = in
	}
	return f.ScaleTo(t.pic.Sub(in.Min.X, in.Min.Y, in.Dx(), in.Dy()), image.Rect(0, 0, f.W, f.H))
}
