package testcard

import (
	"math"
	"time"

	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// Levels at full scale 1: four tones together stay below it.
const (
	toneLevel = 0.2
	beepLevel = 0.5
	beepHz    = 1000
)

// sound makes and encodes the tone.
type sound struct {
	o      Options
	enc    *libav.AudioEncoder
	rate   int
	block  []float32
	blocks int64 // encoded so far
	sent   int64 // packets out so far
}

func openSound(o Options) (*sound, error) {
	kbps := 128
	if o.AudioCodec == media.Opus {
		kbps = 64
	}
	enc, err := libav.OpenAudioEncoder(o.AudioCodec, kbps)
	if err != nil {
		return nil, err
	}
	return &sound{o: o, enc: enc, rate: enc.SampleRate(), block: make([]float32, 2*enc.FrameSize())}, nil
}

// time returns when sample n is heard.
func (s *sound) time(n int64) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(s.rate)
}

// due is when the last sample of the next block is there.
func (s *sound) due() time.Duration {
	return s.time((s.blocks + 1) * int64(s.enc.FrameSize()))
}

// next encodes a block. data is nil while the encoder fills.
func (s *sound) next() (data []byte, pts time.Duration, err error) {
	size := int64(s.enc.FrameSize())
	first := s.blocks * size
	for i := range s.enc.FrameSize() {
		v := float32(s.sample(first + int64(i)))
		s.block[2*i], s.block[2*i+1] = v, v
	}
	s.blocks++
	data, err = s.enc.Encode(s.block)
	if data == nil || err != nil {
		return nil, 0, err
	}
	pts = s.time(s.sent*size - int64(s.enc.Delay()))
	s.sent++
	return data, pts, nil
}

// sample returns the card's sound at sample n.
func (s *sound) sample(n int64) float64 {
	t := s.time(n)
	if s.o.FlashBeep && flashing(t) {
		// Starts at a sine's zero, as the tone around it may be cut anywhere: the
		// beep's own onset is what gets measured.
		return beepLevel * math.Sin(2*math.Pi*beepHz*(t%FlashEvery).Seconds())
	}
	return toneLevel * math.Sin(2*math.Pi*s.phase(n))
}

// phase counts the tone's periods up to sample n, whole periods left out so that
// precision does not fade over the hours.
func (s *sound) phase(n int64) float64 {
	whole, rest := n/int64(s.rate), n%int64(s.rate)
	_, f := math.Modf(float64(whole) * math.Mod(s.o.ToneHz, 1))
	return f + s.o.ToneHz*float64(rest)/float64(s.rate)
}
