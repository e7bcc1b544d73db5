package libav

import (
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
