package e2e

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// yuv is a colour as it is coded: 8 bit, limited range, BT.709.
type yuv [3]byte

func (c yuv) String() string { return fmt.Sprintf("%d/%d/%d", c[0], c[1], c[2]) }

// look is what a card shows and sounds like.
type look struct {
	color yuv
	tone  float64 // Hz, all the time; 0 for none
	beep  float64 // Hz, for 100 ms each second, together with a white flash; 0 for none
	clock bool    // the time of day as a bar code over the picture

	w, h         int           // default 320 × 180
	video, audio media.Codec   // default H264, AAC; none leaves the track out
	speed        float64       // timestamps run this much faster than the clock; default 1
	jump         time.Duration // what is added to them after jumpAfter
	lead         time.Duration // how much later than its flash a beep begins: what the tests are tested with
}

// none leaves a track out.
const none media.Codec = "none"

// fps is the picture rate of every card.
const fps = 30

// level is the amplitude of tones, such that four together stay far below the
// limiter; beepLevel that of beeps, which are never alone.
const (
	level     = 0.08
	beepLevel = 0.2
)

// jumpAfter is when the timestamps of a card jump that does.
const jumpAfter = 5 * time.Second

// flashEvery is the distance of flashes, flashFor how long one is.
const (
	flashEvery = time.Second
	flashFor   = 100 * time.Millisecond
)

// looks are four participants nobody can mistake for one another: colours at
// least 60 apart in some component, tones that are no harmonics of each other.
var looks = []look{
	{color: yuv{75, 100, 200}, tone: 437},
	{color: yuv{140, 60, 60}, tone: 631},
	{color: yuv{60, 200, 110}, tone: 911},
	{color: yuv{190, 40, 140}, tone: 1289},
}

// card is a synthetic creator: a demo.Card that is encoded while it plays, on a
// picture small enough that four cost next to nothing.
type card struct {
	look
	began  time.Time // of the first Next
	image  *libav.VideoEncoder
	sound  *libav.AudioEncoder
	frames int64
	blocks int64
	packet int64 // next audio packet
	queue  []media.AccessUnit
	asked  atomic.Bool   // for a keyframe
	until  time.Duration // when it falls silent; negative: from the start; 0: never
}

// headroom is added to every timestamp, because sound begins a little before 0.
const headroom = 100 * time.Millisecond

// newCard opens the encoders; they are closed at the end of the test.
func newCard(t testing.TB, l look) *card {
	t.Helper()
	if l.w == 0 {
		l.w, l.h = 320, 180
	}
	if l.video == "" {
		l.video = media.H264
	}
	if l.audio == "" {
		l.audio = media.AAC
	}
	if l.speed == 0 {
		l.speed = 1
	}
	c := &card{look: l}
	var err error
	if l.video != none {
		c.image, err = libav.OpenVideoEncoder(libav.VideoEncoderConfig{
			W: l.w, H: l.h, FPS: fps, Kbps: 600, GOP: fps, Preset: "ultrafast", Codec: l.video,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sync.OnceFunc(c.image.Close))
	}
	if l.audio != none {
		if c.sound, err = libav.OpenAudioEncoder(l.audio, 96); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sync.OnceFunc(c.sound.Close))
	}
	return c
}

// Tracks implements demo.Card.
func (c *card) Tracks() (tracks []media.Track) {
	if c.image != nil {
		track := media.Track{Codec: c.video}
		if c.video == media.H264 || c.video == media.H265 {
			track.Config = c.parameterSets()
		}
		tracks = append(tracks, track)
	}
	if c.sound != nil {
		tracks = append(tracks, media.Track{
			Codec: c.audio, SampleRate: c.sound.SampleRate(), Channels: c.sound.Channels(), Config: c.sound.Config(),
		})
	}
	return tracks
}

// parameterSets come from another encoder with the same settings, so that asking
// for them does not take a picture from the stream.
func (c *card) parameterSets() []byte {
	e, err := libav.OpenVideoEncoder(libav.VideoEncoderConfig{
		W: c.w, H: c.h, FPS: fps, Kbps: 600, GOP: fps, Preset: "ultrafast", Codec: c.video,
	})
	if err != nil {
		return nil
	}
	defer e.Close()
	data, _, err := e.Encode(0, true)
	if err != nil {
		return nil
	}
	var sets []byte
	for _, nal := range splitAnnexB(data) {
		kind := nal[0] & 0x1f // H.264: 7 SPS, 8 PPS
		if c.video == media.H265 {
			kind = nal[0] >> 1 & 0x3f // 32 VPS, 33 SPS, 34 PPS
		}
		if kind == 7 || kind == 8 || kind >= 32 && kind <= 34 && c.video == media.H265 {
			sets = append(append(sets, 0, 0, 0, 1), nal...)
		}
	}
	return sets
}

// Next implements demo.Card: units come in the order in which they are due, which
// is also when they are to be seen and heard.
func (c *card) Next() (media.AccessUnit, time.Duration, error) {
	if c.began.IsZero() {
		c.began = time.Now()
	}
	videoAt := time.Duration(c.frames) * time.Second / fps
	for len(c.queue) == 0 {
		if err := c.fill(); err != nil {
			return media.AccessUnit{}, 0, err
		}
	}
	if c.image != nil && (c.sound == nil || videoAt <= c.queue[0].PTS-headroom) {
		au, err := c.picture(videoAt)
		return c.leave(au, err)
	}
	au := c.queue[0]
	c.queue = c.queue[1:]
	return c.leave(au, nil)
}

// RequestKeyframe implements demo.Card.
func (c *card) RequestKeyframe() { c.asked.Store(true) }

func (c *card) leave(au media.AccessUnit, err error) (media.AccessUnit, time.Duration, error) {
	due := au.PTS
	if c.until < 0 || c.until > 0 && due > c.until {
		due = never
	}
	au.PTS = time.Duration(float64(au.PTS) * c.speed)
	if due > jumpAfter {
		au.PTS += c.jump
	}
	return au, due, err
}

// fill encodes one block of sound; a card without sound gets a queue that never
// comes first.
func (c *card) fill() error {
	if c.sound == nil {
		c.queue = append(c.queue, media.AccessUnit{PTS: math.MaxInt64})
		return nil
	}
	n, rate := c.sound.FrameSize(), c.sound.SampleRate()
	block := make([]float32, 2*n)
	for i := range n {
		at := float64(c.blocks*int64(n)+int64(i)) / float64(rate)
		v := float32(c.sample(at))
		block[2*i], block[2*i+1] = v, v
	}
	c.blocks++
	data, err := c.sound.Encode(block)
	if err != nil || data == nil {
		return err
	}
	sample := c.packet*int64(n) - int64(c.sound.Delay())
	c.packet++
	pts := headroom + time.Duration(sample)*time.Second/time.Duration(rate)
	c.queue = append(c.queue, media.AccessUnit{Kind: media.Audio, PTS: pts, Key: true, Data: data})
	return nil
}

func (c *card) sample(at float64) (v float64) {
	if c.tone > 0 {
		v = level * math.Sin(2*math.Pi*c.tone*at)
	}
	if c.beep > 0 && flashing(time.Duration(at*float64(time.Second))-c.lead) {
		v += beepLevel * math.Sin(2*math.Pi*c.beep*at)
	}
	return v
}

// flashing says whether the card is white at a time on its own clock. The first
// flash comes when a receiver has settled.
func flashing(at time.Duration) bool {
	return at >= flashEvery && at%flashEvery < flashFor
}

// picture draws and encodes frame number c.frames.
func (c *card) picture(at time.Duration) (media.AccessUnit, error) {
	p := c.image.Canvas()
	p.Fill(c.color[0], c.color[1], c.color[2])
	// Something moves, so that a picture that stands still is known from one
	// that goes on; it stays clear of where colours are read and captions are.
	p.Sub(int(c.frames*4)%(c.w-16)&^1, c.h*3/4&^1, 16, 16).Fill(235, 128, 128)
	if c.beep > 0 && flashing(at) {
		p.Sub(c.w/4&^1, c.h/4&^1, c.w/2&^1, c.h/3&^1).Fill(235, 128, 128)
	}
	if c.clock {
		drawClock(p, c.began.Add(headroom+at))
	}
	data, isKey, err := c.image.Encode(c.frames, c.asked.Swap(false))
	c.frames++
	return media.AccessUnit{Kind: media.Video, PTS: headroom + at, Key: isKey, Data: data}, err
}

// clockCells is how many cells the bar code has: 1010, 32 bits of the time in ms
// since 1970, 8 bits that check them, 0101.
const clockCells = 48

func clockBits(at time.Time) (bits [clockCells]bool) {
	ms := uint32(at.UnixMilli())
	sum := byte(ms>>24) + byte(ms>>16) + byte(ms>>8) + byte(ms) + 0x5a
	code := uint64(0b1010)<<44 | uint64(ms)<<12 | uint64(sum)<<4 | 0b0101
	for i := range bits {
		bits[i] = code>>(clockCells-1-i)&1 == 1
	}
	return bits
}

// drawClock writes the time over the upper 1/18 of the picture.
func drawClock(p *compose.Picture, at time.Time) {
	strip := p.Sub(0, 0, p.W, p.H/18&^1)
	strip.Fill(16, 128, 128)
	for i, bit := range clockBits(at) {
		if !bit {
			continue
		}
		from, to := i*p.W/clockCells, (i+1)*p.W/clockCells
		for y := range strip.H {
			for x := from; x < to; x++ {
				strip.Y[y*strip.YStride+x] = 235
			}
		}
	}
}

func splitAnnexB(b []byte) (nals [][]byte) {
	start := -1
	for i := 0; i+3 <= len(b); i++ {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			continue
		}
		if start >= 0 {
			end := i
			if b[i-1] == 0 {
				end--
			}
			nals = append(nals, b[start:end])
		}
		start = i + 3
	}
	if start >= 0 {
		nals = append(nals, b[start:])
	}
	return nals
}
