package libav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"testing"

	"github.com/regie-live/regie/transcode/media"
)

var audioCodecs = []media.Codec{media.AAC, media.Opus, media.MP3, media.PCMA, media.PCMU, media.LPCM}

// track describes what e makes.
func track(c media.Codec, e *AudioEncoder) media.Track {
	return media.Track{Codec: c, SampleRate: e.SampleRate(), Channels: e.Channels(), Config: e.Config()}
}

// codeAudio encodes whole blocks of samples and decodes them again.
func codeAudio(t testing.TB, c media.Codec, samples []float32) (out []float32, e *AudioEncoder) {
	t.Helper()
	e, err := OpenAudioEncoder(c, 128)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	d, err := OpenAudioDecoder(track(c, e))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	for n := 2 * e.FrameSize(); len(samples) >= n; samples = samples[n:] {
		packet, err := e.Encode(samples[:n])
		if err != nil {
			t.Fatal(err)
		}
		if packet == nil {
			continue
		}
		s, err := d.Decode(packet)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s...)
	}
	return out, e
}

func TestAudioRoundTrip(t *testing.T) {
	for _, codec := range audioCodecs {
		t.Run(string(codec), func(t *testing.T) {
			e, err := OpenAudioEncoder(codec, 128)
			if err != nil {
				t.Fatal(err)
			}
			rate := float64(e.SampleRate())
			e.Close()
			out, _ := codeAudio(t, codec, tone(int(rate), 440, rate, 0.5))
			if len(out) < 2*40000 || len(out) > 2*48000 {
				t.Fatalf("got %d sample pairs of one second", len(out)/2)
			}
			mid := out[2*10000 : 2*34000]
			if a := goertzel(mid, 440, SampleRate); a < 0.46 || a > 0.52 { // LAME takes 5 % off
				t.Errorf("440 Hz came out at level %.3f, want 0.5", a)
			}
			if a := goertzel(mid, 880, SampleRate); a > 0.01 {
				t.Errorf("880 Hz came out at level %.3f, want none", a)
			}
		})
	}
}

// TestAudioDelay holds what AudioEncoder's doc promises of Delay: a click goes in
// at a known sample and must come out Delay samples later.
func TestAudioDelay(t *testing.T) {
	for _, codec := range audioCodecs {
		t.Run(string(codec), func(t *testing.T) {
			e, err := OpenAudioEncoder(codec, 128)
			if err != nil {
				t.Fatal(err)
			}
			rate := e.SampleRate()
			e.Close()
			in := make([]float32, 2*rate)
			at := rate / 2
			for i := range rate / 500 { // 2 ms
				in[2*(at+i)], in[2*(at+i)+1] = 0.8, 0.8
			}
			out, e := codeAudio(t, codec, in)
			peak, center := 0.0, 0.0
			for i := range len(out) / 2 {
				v := float64(out[2*i])
				peak += v * v
				center += v * v * float64(i)
			}
			center /= peak
			want := (float64(at)+float64(rate)/1000)*SampleRate/float64(rate) + float64(e.Delay())
			if d := center - want; d > 48 || d < -48 {
				t.Errorf("the click came %.1f samples off the place that Delay %d promises", d, e.Delay())
			}
		})
	}
}

// TestAudioFormats: whatever rate and channels a track has, a tone keeps its pitch,
// its length and its level.
func TestAudioFormats(t *testing.T) {
	for _, tt := range []struct {
		codec          media.Codec
		rate, channels int
	}{
		{media.LPCM, 48000, 2}, {media.LPCM, 44100, 2}, {media.LPCM, 44100, 1}, {media.LPCM, 16000, 1}, {media.LPCM, 96000, 2},
		{media.PCMA, 0, 0}, {media.PCMU, 8000, 1}, {media.PCMU, 16000, 2},
	} {
		t.Run(fmt.Sprintf("%s-%d-%d", tt.codec, tt.rate, tt.channels), func(t *testing.T) {
			d, err := OpenAudioDecoder(media.Track{Codec: tt.codec, SampleRate: tt.rate, Channels: tt.channels})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			rate, channels := max(tt.rate, 8000), max(tt.channels, 1)
			block := rate / 50
			in := tone(rate, 440, float64(rate), 0.5)
			var out []float32
			for at := 0; at < rate; at += block {
				samples, err := d.Decode(pcm(tt.codec, in[2*at:2*(at+block)], channels))
				if err != nil {
					t.Fatal(err)
				}
				// What is returned begins where the packet does, less what was held back.
				begins, want := len(out)/2, at*SampleRate/rate-d.Delay()
				if diff := begins - want; diff < -1 || diff > 1 {
					t.Fatalf("the packet of sample %d begins at %d, Delay says %d", at, begins, want)
				}
				out = append(out, samples...)
			}
			if n := len(out) / 2; n < 47900 || n > 48000 {
				t.Errorf("one second became %d samples", n)
			}
			mid := out[2*10000 : 2*34000]
			if a := goertzel(mid, 440, SampleRate); a < 0.49 || a > 0.51 {
				t.Errorf("440 Hz came out at level %.3f, want 0.5", a)
			}
			for i := 0; i < len(mid); i += 2 {
				if mid[i] != mid[i+1] {
					t.Fatalf("left is %v, right is %v", mid[i], mid[i+1])
				}
			}
		})
	}
}

// pcm codes stereo samples as a packet without any encoder of libav.
func pcm(c media.Codec, stereo []float32, channels int) []byte {
	var out []byte
	for i := 0; i < len(stereo); i += 2 {
		for range channels {
			v := int16(stereo[i] * 32767)
			switch c {
			case media.LPCM:
				out = binary.BigEndian.AppendUint16(out, uint16(v))
			case media.PCMA:
				out = append(out, aLaw(v))
			case media.PCMU:
				out = append(out, muLaw(v))
			}
		}
	}
	return out
}

// aLaw and muLaw code as ITU-T G.711 tables 1a and 2a say.
func aLaw(v int16) byte {
	mask, x := byte(0xd5), int(v)>>3
	if x < 0 {
		mask, x = 0x55, -x-1
	}
	segment := max(bits.Len(uint(x))-5, 0)
	return (byte(segment)<<4 | byte(x>>max(segment, 1)&0xf)) ^ mask
}

func muLaw(v int16) byte {
	sign, x := byte(0x80), int(v)
	if x < 0 {
		sign, x = 0, -x
	}
	x = min(x>>2, 8158) + 33
	segment := bits.Len(uint(x)) - 6
	return ^(^sign&0x80 | byte(segment)<<4 | byte(x>>(segment+1)&0xf))
}

func TestAudioRefused(t *testing.T) {
	for _, track := range []media.Track{
		{Codec: media.AAC}, {Codec: media.AAC, Config: []byte{1}}, {Codec: media.H264},
		{Codec: media.LPCM, SampleRate: 100, Channels: 2}, {Codec: media.LPCM, SampleRate: 48000, Channels: 3},
		{Codec: media.LPCM, SampleRate: -1, Channels: 1},
	} {
		if d, err := OpenAudioDecoder(track); err == nil {
			d.Close()
			t.Errorf("%+v was taken", track)
		}
	}
	for _, kbps := range []int{0, 1000} {
		if e, err := OpenAudioEncoder(media.AAC, kbps); err == nil {
			e.Close()
			t.Errorf("%d kbit/s was taken", kbps)
		}
	}
	d, err := OpenAudioDecoder(media.Track{Codec: media.Opus})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(nil); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := d.Decode(make([]byte, maxAudioUnit+1)); err == nil {
		t.Error("a packet above the limit was taken")
	}
	d.Close()
	d.Close()
	d.Flush()
	if _, err := d.Decode([]byte{1}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
