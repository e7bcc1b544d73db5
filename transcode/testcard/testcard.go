// Package testcard makes coded test pictures and sound that people and programs
// recognise: a name in big letters on a colour of its own, the time of day, a
// box that runs along the bottom, a bar code that says when the picture was due, and
// a steady tone. `regie demo`, the load generator and the tests publish it.
//
// It guarantees:
//   - The same Options give the same picture and sound at the same time of the
//     card's clock. Pictures are an exact 1/FPS apart; both tracks share one clock.
//   - Next never waits. It returns access units in the order in which a live
//     encoder would have them ready, together with when; keeping that time is the
//     caller's part.
//   - What must be looked at stands still: PlainRect shows the bare colour,
//     FlashRect the flash, ReadClock finds the bar code, at any size.
//
// It runs codecs, so it belongs into tests and child processes. A Card belongs to
// one goroutine; only RequestKeyframe may be called from others.
package testcard

import (
	"cmp"
	"fmt"
	"image/color"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// Options describe a card. Zero values choose what the comments say.
type Options struct {
	Name   string
	Color  color.RGBA // of the background; alpha is ignored
	ToneHz float64    // 0: silence
	W, H   int        // 1280 × 720; even
	FPS    int        // 30
	Kbps   int        // 2500
	GOP    int        // frames between keyframes; two seconds

	VideoCodec media.Codec // H264
	AudioCodec media.Codec // AAC
	NoVideo    bool
	NoAudio    bool

	// FlashBeep shows a white patch and sounds a burst of 1 kHz instead of the
	// tone for FlashLength, every FlashEvery of the card's clock from the first
	// multiple on. Both begin at the same instant.
	FlashBeep bool

	// Start is the wall-clock time of the card's time 0, for the clock and the bar
	// code; when zero it is the time of the first Next.
	Start time.Time
}

// FlashEvery and FlashLength say when the card flashes and beeps.
const (
	FlashEvery  = 2 * time.Second
	FlashLength = 100 * time.Millisecond
)

// base is the PTS of the card's time 0. It is not 0 so that the pre-roll of an
// audio encoder, which comes before, needs no negative time.
const base = time.Second

// Card is an endless stream.
type Card struct {
	o     Options
	video *picture // nil without
	audio *sound   // nil without
	force atomic.Bool
}

// Open starts a card.
func Open(o Options) (*Card, error) {
	o.W, o.H = cmp.Or(o.W, 1280), cmp.Or(o.H, 720)
	o.FPS, o.Kbps = cmp.Or(o.FPS, 30), cmp.Or(o.Kbps, 2500)
	o.GOP = cmp.Or(o.GOP, 2*o.FPS)
	o.VideoCodec = cmp.Or(o.VideoCodec, media.H264)
	o.AudioCodec = cmp.Or(o.AudioCodec, media.AAC)
	if o.NoVideo && o.NoAudio {
		return nil, fmt.Errorf("testcard: a card with neither picture nor sound has nothing to send")
	}
	c := &Card{o: o}
	var err error
	if !o.NoVideo {
		if c.video, err = openPicture(o); err != nil {
			return nil, err
		}
	}
	if !o.NoAudio {
		if c.audio, err = openSound(o); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Tracks describes what Next returns, video first, with everything that a decoder
// or a session description needs beforehand.
func (c *Card) Tracks() []media.Track {
	var tracks []media.Track
	if c.video != nil {
		tracks = append(tracks, media.Track{Codec: c.o.VideoCodec, Config: c.video.config})
	}
	if c.audio != nil {
		e := c.audio.enc
		tracks = append(tracks, media.Track{
			Codec: c.o.AudioCodec, SampleRate: e.SampleRate(), Channels: e.Channels(), Config: e.Config(),
		})
	}
	return tracks
}

// Next returns the next access unit and when it is due on the card's clock, which
// starts at 0 and never goes back: for a picture when it was taken, for sound when
// its last sample was. The error is that of an encoder, or libav.ErrClosed.
func (c *Card) Next() (media.AccessUnit, time.Duration, error) {
	if c.video == nil && c.audio == nil {
		return media.AccessUnit{}, 0, libav.ErrClosed
	}
	if c.o.Start.IsZero() {
		c.o.Start = time.Now()
	}
	for {
		if c.audio == nil || c.video != nil && c.video.due() <= c.audio.due() {
			due := c.video.due()
			data, key, err := c.video.next(c.o.Start.Add(due), c.force.Swap(false))
			return media.AccessUnit{Kind: media.Video, PTS: base + due, Key: key, Data: data}, due, err
		}
		due := c.audio.due()
		data, pts, err := c.audio.next()
		if err != nil || data != nil {
			return media.AccessUnit{Kind: media.Audio, PTS: base + pts, Key: true, Data: data}, due, err
		}
	}
}

// RequestKeyframe makes the next picture a keyframe. Any goroutine may call it.
func (c *Card) RequestKeyframe() { c.force.Store(true) }

// Close frees the encoders. It may be called twice.
func (c *Card) Close() {
	if c.video != nil {
		c.video.enc.Close()
		c.video = nil
	}
	if c.audio != nil {
		c.audio.enc.Close()
		c.audio = nil
	}
}

// flashing reports whether the card flashes and beeps at time t of its clock. The
// very start is left out: a receiver is seldom ready then.
func flashing(t time.Duration) bool {
	return t >= FlashEvery && t%FlashEvery < FlashLength
}
