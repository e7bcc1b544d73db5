package libav

import (
	"fmt"
	"image"
	"os"
	"runtime"
	"testing"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// resident returns the process's resident memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	runtime.GC()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// TestMemory opens, uses and closes everything again and again. One picture of this
// size takes 345 KB, so a leak of one a round would take 20 MB.
func TestMemory(t *testing.T) {
	runtime.LockOSThread() // each thread has an arena of its own, which would hide the growth of one
	defer runtime.UnlockOSThread()
	clips := map[media.Codec][][]byte{}
	for _, codec := range videoCodecs {
		clips[codec] = encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 500, Codec: codec}, 3)
	}
	large := encodeClip(t, VideoEncoderConfig{W: 854, H: 480, FPS: 30, Kbps: 500}, 2)
	sizes := []*compose.Picture{compose.NewPicture(320, 180), compose.NewPicture(330, 180)}
	round := func() {
		for codec, clip := range clips {
			d, err := OpenVideoDecoder(media.Track{Codec: codec}, testPixels)
			if err != nil {
				t.Fatal(err)
			}
			units := clip
			if codec == media.H264 {
				units = append(clip[:3:3], large...)
			}
			for i, au := range units {
				if i == 2 {
					au = au[:len(au)/2]
				}
				_ = d.Decode(au, 0, func(f *Frame) {
					for _, p := range sizes {
						_ = f.ScaleTo(p, image.Rect(0, 0, f.W, f.H))
					}
				})
			}
			d.Flush()
			d.Close()
		}
		encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 500}, 2)
		for _, codec := range audioCodecs {
			measureAudio(t, codec)
		}
	}
	for range 10 {
		round()
	}
	before := resident(t)
	const rounds = 60
	for range rounds {
		round()
	}
	grown := resident(t) - before
	t.Logf("%d rounds took %d KB more", rounds, grown>>10)
	if grown > 10<<20 {
		t.Errorf("%d rounds took %d KB more", rounds, grown>>10)
	}
}

// measureAudio codes a few blocks and closes everything.
func measureAudio(t *testing.T, codec media.Codec) {
	e, err := OpenAudioEncoder(codec, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d, err := OpenAudioDecoder(track(codec, e))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	block := tone(e.FrameSize(), 440, float64(e.SampleRate()), 0.5)
	for range 3 {
		p, err := e.Encode(block)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			_, _ = d.Decode(p)
			_, _ = d.Decode(p[:len(p)/2+1])
		}
	}
	d.Flush()
}
