package libav

import (
	"bytes"
	"errors"
	"image"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

func TestVideoRoundTrip(t *testing.T) {
	for _, codec := range videoCodecs {
		t.Run(string(codec), func(t *testing.T) {
			clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 1500, GOP: 60, Codec: codec}, 20)
			d := openVideo(t, codec)
			half, same, odd := compose.NewPicture(320, 180), compose.NewPicture(640, 360), compose.NewPicture(330, 190)
			var got []time.Duration
			for i, au := range clip {
				err := d.Decode(au, frameTime(i), func(f *Frame) {
					if f.W != 640 || f.H != 360 || f.Corrupt {
						t.Errorf("frame %d is %d×%d, corrupt %v", i, f.W, f.H, f.Corrupt)
					}
					got = append(got, f.PTS)
					for _, p := range []*compose.Picture{half, same, odd} {
						if err := f.ScaleTo(p, image.Rect(0, 0, f.W, f.H)); err != nil {
							t.Error(err)
						}
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != i+1 || got[i] != frameTime(i) {
					t.Fatalf("after access unit %d the frames are %v: a stream without reordering must not be delayed", i, got)
				}
			}
			// VP8 has no room for BT.709 in its header and is taken for BT.601, as
			// browsers take it; TestColorDescriptions looks at that.
			if codec != media.VP8 {
				checkQuadrants(t, "half size", half, 6)
				checkQuadrants(t, "same size", same, 6)
				checkQuadrants(t, "odd size", odd, 6)
			}
		})
	}
}

// TestBFrames decodes what x264 makes with B-frames, with and without a pyramid.
// Each picture's brightness says which it is.
func TestBFrames(t *testing.T) {
	const n, depth = 60, 2
	for _, pyramid := range []string{"none", "normal"} {
		t.Run(pyramid, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "b.nut")
			ffmpeg(t, "-f", "lavfi", "-i", "nullsrc=s=320x180:r=30,geq=lum='16+3*N':cb=128:cr=128", "-frames:v", "60",
				"-c:v", "libx264", "-bf", "3", "-x264-params", "aud=1:repeat-headers=1:b-adapt=0:keyint=30:scenecut=0:b-pyramid="+pyramid, file)
			units := splitH264(ffmpeg(t, "-i", file, "-c", "copy", "-f", "h264", "-"))
			order := packetOrder(t, file)
			if len(units) != n || len(order) != n || slices.IsSorted(order) {
				t.Fatalf("got %d access units in the order %v", len(units), order)
			}
			d := openVideo(t, media.H264)
			cell := compose.NewPicture(64, 64)
			shown := 0
			for i, au := range units {
				err := d.Decode(au, frameTime(order[i]), func(f *Frame) {
					if f.PTS != frameTime(shown) {
						t.Errorf("picture %d has PTS %v, want %v", shown, f.PTS, frameTime(shown))
					}
					if err := f.ScaleTo(cell, image.Rect(0, 0, f.W, f.H)); err != nil {
						t.Error(err)
					}
					checkColor(t, f.PTS.String(), cell, 32, 32, [3]byte{byte(16 + 3*shown), 128, 128}, 1)
					shown++
				})
				if err != nil {
					t.Fatal(err)
				}
				if shown < i+1-depth {
					t.Fatalf("only %d of %d pictures: the stream needs to hold back %d", shown, i+1, depth)
				}
			}
		})
	}
}

// packetOrder returns the presentation index of each packet in file.
func packetOrder(t *testing.T, file string) []int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-loglevel", "error",
		"-show_entries", "packet=pts_time", "-of", "csv=p=0", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var times []float64
	for _, word := range strings.Fields(string(out)) {
		v, err := strconv.ParseFloat(strings.Trim(word, ","), 64)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, v)
	}
	sorted := slices.Sorted(slices.Values(times))
	order := make([]int, len(times))
	for i, v := range times {
		order[i], _ = slices.BinarySearch(sorted, v)
	}
	return order
}

func TestMaxPixels(t *testing.T) {
	for _, codec := range videoCodecs {
		t.Run(string(codec), func(t *testing.T) {
			clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 500, Codec: codec}, 3)
			d, err := OpenVideoDecoder(media.Track{Codec: codec}, 640*360-1)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			var failed bool
			for i, au := range clip {
				err := d.Decode(au, frameTime(i), func(f *Frame) { t.Errorf("got a picture of %d×%d", f.W, f.H) })
				failed = failed || err != nil
			}
			if !failed {
				t.Error("a picture above the limit was no error")
			}
		})
	}
}

func TestSizeChange(t *testing.T) {
	sizes := []image.Point{{640, 360}, {320, 180}, {854, 480}, {360, 640}}
	for _, codec := range videoCodecs {
		t.Run(string(codec), func(t *testing.T) {
			d := openVideo(t, codec)
			cell := compose.NewPicture(320, 180)
			n := 0
			for _, size := range sizes {
				for _, au := range encodeClip(t, VideoEncoderConfig{W: size.X, H: size.Y, FPS: 30, Kbps: 1000, Codec: codec}, 4) {
					err := d.Decode(au, frameTime(n), func(f *Frame) {
						if f.W != size.X || f.H != size.Y {
							t.Errorf("got %d×%d, want %v", f.W, f.H, size)
						}
						if err := f.ScaleTo(cell, image.Rect(0, 0, f.W, f.H)); err != nil {
							t.Error(err)
						}
						n++
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if codec != media.VP8 {
					checkQuadrants(t, size.String(), cell, 8)
				}
			}
			if n != 4*len(sizes) {
				t.Errorf("got %d frames, want %d", n, 4*len(sizes))
			}
		})
	}
}

func TestFlush(t *testing.T) {
	for _, codec := range videoCodecs {
		t.Run(string(codec), func(t *testing.T) {
			clip := encodeClip(t, VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500, Codec: codec}, 10)
			d := openVideo(t, codec)
			for i, au := range clip {
				_ = d.Decode(au, frameTime(i), func(*Frame) {})
			}
			d.Flush()
			var got []time.Duration
			if err := d.Decode(clip[0], time.Hour, func(f *Frame) { got = append(got, f.PTS) }); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, []time.Duration{time.Hour}) {
				t.Errorf("after a flush the keyframe gave %v", got)
			}
		})
	}
}

// TestNoPicture: access units without a picture are no errors, and do not disturb.
func TestNoPicture(t *testing.T) {
	for _, tt := range []struct {
		codec media.Codec
		units []string
	}{
		{media.H264, []string{"\x00\x00\x00\x01\x09\xf0", "\x00\x00\x00\x01\x0c\xff\xff\x80", "\x00\x00\x00\x01\x06\x05\x01\x00\x80"}},
		{media.H265, []string{"\x00\x00\x00\x01\x46\x01\x50", "\x00\x00\x00\x01\x4c\x01\xff\xff\x80"}},
	} {
		t.Run(string(tt.codec), func(t *testing.T) {
			clip := encodeClip(t, VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500, Codec: tt.codec}, 6)
			d := openVideo(t, tt.codec)
			for i, au := range clip {
				for _, u := range tt.units {
					if frames, _, failed := watch(d, [][]byte{[]byte(u)}); frames != 0 || failed != 0 {
						t.Errorf("%x gave %d pictures and %d errors", u, frames, failed)
					}
				}
				if frames, corrupt, failed := watch(d, [][]byte{au}); frames != 1 || corrupt+failed != 0 {
					t.Errorf("access unit %d: %d pictures, %d corrupt, %d errors", i, frames, corrupt, failed)
				}
			}
		})
	}
}

// TestConfig: parameter sets may come with the track alone.
func TestConfig(t *testing.T) {
	clip := encodeClip(t, VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500}, 5)
	idr := bytes.Index(clip[0], []byte{0, 0, 0, 1, 0x65})
	d, err := OpenVideoDecoder(media.Track{Codec: media.H264, Config: clip[0][:idr]}, testPixels)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	clip[0] = clip[0][idr:]
	for range 2 {
		if frames, corrupt, failed := watch(d, clip); frames != 5 || corrupt+failed != 0 {
			t.Errorf("%d frames, %d corrupt, %d failed", frames, corrupt, failed)
		}
		d.Flush()
	}
}

// TestConfigAV1: dav1d gets the sequence header of the track when the stream has none.
func TestConfigAV1(t *testing.T) {
	clip := encodeClip(t, VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500, Codec: media.AV1}, 5)
	const header = 1<<3 | 2 // OBU type 1 with a size field
	if clip[0][0] != header || clip[0][1] > 127 {
		t.Fatalf("the stream starts with % x", clip[0][:2])
	}
	end := 2 + int(clip[0][1])
	d, err := OpenVideoDecoder(media.Track{Codec: media.AV1, Config: clip[0][:end]}, testPixels)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	clip[0] = clip[0][end:]
	for range 2 {
		if frames, corrupt, failed := watch(d, clip); frames != 5 || corrupt+failed != 0 {
			t.Errorf("%d frames, %d corrupt, %d failed", frames, corrupt, failed)
		}
		d.Flush()
	}
}

func TestRefused(t *testing.T) {
	d := openVideo(t, media.H264)
	if err := d.Decode(nil, 0, nil); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if err := d.Decode(make([]byte, maxAccessUnit+1), 0, nil); err == nil {
		t.Error("an access unit above the limit was taken")
	}
	if _, err := OpenVideoDecoder(media.Track{Codec: media.AAC}, testPixels); err == nil {
		t.Error("a video decoder for AAC")
	}
	if _, err := OpenVideoDecoder(media.Track{Codec: media.H264}, 0); err == nil {
		t.Error("a decoder without a limit")
	}
	for _, cfg := range []VideoEncoderConfig{
		{W: 641, H: 360, FPS: 30, Kbps: 500},
		{W: 640, H: 0, FPS: 30, Kbps: 500},
		{W: 640, H: 360, FPS: 0, Kbps: 500},
		{W: 640, H: 360, FPS: 30, Kbps: 0},
		{W: 640, H: 360, FPS: 30, Kbps: 500, Preset: "sluggish"},
		{W: 640, H: 360, FPS: 30, Kbps: 500, Codec: media.Opus},
	} {
		if e, err := OpenVideoEncoder(cfg); err == nil {
			e.Close()
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestClosed(t *testing.T) {
	d := openVideo(t, media.H264)
	d.Close()
	d.Close()
	d.Flush()
	if err := d.Decode([]byte{1}, 0, nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	e, err := OpenVideoEncoder(VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
	if c := e.Canvas(); c != nil {
		t.Error("a closed encoder has a canvas")
	}
	if _, _, err := e.Encode(0, false); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
