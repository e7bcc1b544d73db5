package libav

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// split cuts data into access units: each starts with two bytes of length.
func split(data []byte) [][]byte {
	var units [][]byte
	for len(data) > 2 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		units = append(units, data[2:2+n])
		data = data[2+n:]
	}
	return units
}

// join is the inverse of split for units below 64 KiB.
func join(units [][]byte) []byte {
	var data []byte
	for _, u := range units {
		u = u[:min(len(u), 0xffff)]
		data = append(append(data, byte(len(u)>>8), byte(len(u))), u...)
	}
	return data
}

// damaged returns data with some bytes changed, so that the seeds alone already
// exercise what a fuzzer would look for.
func damaged(data []byte, seed uint64, n int) []byte {
	out := append([]byte(nil), data...)
	r := rand.New(rand.NewPCG(seed, 99))
	for range n {
		out[r.IntN(len(out))] = byte(r.Uint32())
	}
	return out
}

// FuzzVideoDecoder feeds hostile access units to every video decoder and scales
// whatever comes out.
func FuzzVideoDecoder(f *testing.F) {
	for i, codec := range videoCodecs {
		clip := join(encodeClip(f, VideoEncoderConfig{W: 160, H: 96, FPS: 30, Kbps: 200, GOP: 5, Codec: codec}, 8))
		f.Add(byte(i), clip[:0], clip)
		f.Add(byte(i), clip[:min(40, len(clip))], clip)
		for seed := range uint64(4) {
			f.Add(byte(i), clip[:0], damaged(clip, seed, 4<<seed))
		}
		f.Add(byte(i), []byte{1, 2, 3, 4, 5, 6, 7, 8}, []byte{0, 1, 0, 0, 1, 0xff, 0, 0, 0, 200, 0, 0, 0, 1, 0x67})
	}
	cell := compose.NewPicture(64, 36)
	f.Fuzz(func(t *testing.T, which byte, config, data []byte) {
		const limit = 512 * 512
		codec := videoCodecs[int(which)%len(videoCodecs)]
		d, err := OpenVideoDecoder(media.Track{Codec: codec, Config: config}, limit)
		if err != nil {
			return
		}
		defer d.Close()
		for i, au := range split(data) {
			if i%7 == 6 {
				d.Flush()
			}
			_ = d.Decode(au, frameTime(i), func(f *Frame) {
				if f.W <= 0 || f.H <= 0 || f.W*f.H > limit {
					t.Errorf("a picture of %d×%d came out", f.W, f.H)
				}
				_ = f.ScaleTo(cell, image.Rect(0, 0, f.W, f.H))
				if crop := compose.CropCover(f.W, f.H, 64, 36); !crop.Empty() {
					_ = f.ScaleTo(cell, crop)
				}
			})
		}
	})
}

// FuzzAudioDecoder feeds hostile packets to every audio decoder.
func FuzzAudioDecoder(f *testing.F) {
	for i, codec := range audioCodecs {
		e, err := OpenAudioEncoder(codec, 64)
		if err != nil {
			f.Fatal(err)
		}
		var packets [][]byte
		for range 6 {
			p, err := e.Encode(tone(e.FrameSize(), 440, float64(e.SampleRate()), 0.5))
			if err != nil {
				f.Fatal(err)
			}
			if p != nil {
				packets = append(packets, p)
			}
		}
		config := e.Config()
		e.Close()
		clip := join(packets)
		f.Add(byte(i), uint32(48000), byte(2), config, clip)
		f.Add(byte(i), uint32(44100), byte(1), config, clip)
		for seed := range uint64(3) {
			f.Add(byte(i), uint32(48000), byte(2), config, damaged(clip, seed, 4<<seed))
			if len(config) > 0 {
				f.Add(byte(i), uint32(48000), byte(2), damaged(config, seed, 2), clip)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which byte, rate uint32, channels byte, config, data []byte) {
		codec := audioCodecs[int(which)%len(audioCodecs)]
		d, err := OpenAudioDecoder(media.Track{Codec: codec, SampleRate: int(rate), Channels: int(channels), Config: config})
		if err != nil {
			return
		}
		defer d.Close()
		for i, p := range split(data) {
			if i%7 == 6 {
				d.Flush()
			}
			samples, _ := d.Decode(p)
			var sum float32
			for _, v := range samples { // reading them shows that the memory is there
				sum += v
			}
			_ = sum
			if len(samples)%2 != 0 || d.Delay() < 0 {
				t.Errorf("%d samples, delay %d", len(samples), d.Delay())
			}
		}
	})
}
