package libav

import (
	"fmt"
	"image"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// cpuTime returns what the process has used so far: on a busy machine it says more
// than the wall clock does.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perFrame runs one step per frame and reports its CPU time, also as the share of a
// core that thirty a second take.
func perFrame(b *testing.B, step func(i int)) {
	b.Helper()
	start := cpuTime(b)
	i := 0
	for b.Loop() {
		step(i)
		i++
	}
	used := (cpuTime(b) - start) / time.Duration(i)
	b.ReportMetric(float64(used.Microseconds()), "cpu-µs/frame")
	b.ReportMetric(used.Seconds()*30, "cores@30fps")
}

// camera makes 720p30 at 2.5 Mbit/s of a moving picture with detail, as units.
func camera(b *testing.B, codec string, params ...string) [][]byte {
	b.Helper()
	args := append([]string{"-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=6:allf=t", "-frames:v", "150"}, params...)
	stream := ffmpeg(b, append(args, "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-f", codec, "-")...)
	return splitH264(stream)
}

func BenchmarkDecode(b *testing.B) {
	units := camera(b, "h264", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
		"-x264-params", "aud=1:keyint=60:sliced-threads=0")
	b.Run("h264", func(b *testing.B) {
		d := openVideo(b, media.H264)
		perFrame(b, func(i int) {
			if err := d.Decode(units[i%len(units)], frameTime(i), func(*Frame) {}); err != nil {
				b.Fatal(err)
			}
		})
	})
	for _, codec := range []media.Codec{media.H265, media.VP8, media.VP9, media.AV1} {
		clip := encodeClip(b, VideoEncoderConfig{W: 1280, H: 720, FPS: 30, Kbps: 2500, GOP: 60, Codec: codec}, 60)
		b.Run(string(codec)+"-easy", func(b *testing.B) {
			d := openVideo(b, codec)
			perFrame(b, func(i int) {
				if err := d.Decode(clip[i%len(clip)], frameTime(i), func(*Frame) {}); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func BenchmarkScale(b *testing.B) {
	for _, ratio := range [][2]image.Point{
		{{1280, 720}, {640, 360}}, {{1280, 720}, {426, 240}}, {{1280, 720}, {854, 480}}, {{1280, 720}, {1280, 720}},
		{{640, 360}, {1280, 720}}, {{1920, 1080}, {640, 360}}, {{1920, 1080}, {1280, 720}},
	} {
		from, to := ratio[0], ratio[1]
		clip := encodeClip(b, VideoEncoderConfig{W: from.X, H: from.Y, FPS: 30, Kbps: 2500}, 1)
		b.Run(fmt.Sprintf("%dx%d-%dx%d", from.X, from.Y, to.X, to.Y), func(b *testing.B) {
			d, err := OpenVideoDecoder(media.Track{Codec: media.H264}, from.X*from.Y)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			p := compose.NewPicture(to.X, to.Y)
			err = d.Decode(clip[0], 0, func(f *Frame) {
				perFrame(b, func(int) {
					if err := f.ScaleTo(p, image.Rect(0, 0, f.W, f.H)); err != nil {
						b.Fatal(err)
					}
				})
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkEncode encodes the program: 720p of four cells with detail that moves.
func BenchmarkEncode(b *testing.B) {
	for _, preset := range []string{"ultrafast", "superfast", "veryfast"} {
		b.Run(preset, func(b *testing.B) {
			cells := decodedCells(b, 30)
			e, err := OpenVideoEncoder(VideoEncoderConfig{W: 1280, H: 720, FPS: 30, Kbps: 2500, GOP: 60, Preset: preset})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			bytes := 0
			perFrame(b, func(i int) {
				fillCells(e.Canvas(), cells, i)
				data, _, err := e.Encode(int64(i), false)
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(data)
			})
			b.ReportMetric(float64(bytes)*8*30/float64(b.N)/1000, "kbit/s")
		})
	}
}

// BenchmarkTick is one tick of the mixer: four cells copied, four captions blended,
// the program encoded.
func BenchmarkTick(b *testing.B) {
	cells := decodedCells(b, 30)
	captions := compose.NewOverlay(captionImage())
	e, err := OpenVideoEncoder(VideoEncoderConfig{W: 1280, H: 720, FPS: 30, Kbps: 2500})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	var drawing time.Duration
	perFrame(b, func(i int) {
		start := time.Now()
		c := e.Canvas()
		fillCells(c, cells, i)
		for k := range 4 {
			captions.Blend(c, k%2*640+10, k/2*360+310)
		}
		drawing += time.Since(start)
		if _, _, err := e.Encode(int64(i), i%60 == 0); err != nil {
			b.Fatal(err)
		}
	})
	b.ReportMetric(float64(drawing.Microseconds())/float64(b.N), "draw-µs/frame")
}

func captionImage() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 160, 40))
	for i := range img.Pix {
		img.Pix[i] = 120
	}
	return img
}

func decodedCells(b *testing.B, n int) []*compose.Picture {
	b.Helper()
	units := camera(b, "h264", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
		"-x264-params", "aud=1:keyint=60:sliced-threads=0")
	d := openVideo(b, media.H264)
	var cells []*compose.Picture
	for i, au := range units[:n] {
		err := d.Decode(au, frameTime(i), func(f *Frame) {
			p := compose.NewPicture(640, 360)
			if err := f.ScaleTo(p, image.Rect(0, 0, f.W, f.H)); err != nil {
				b.Fatal(err)
			}
			cells = append(cells, p)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return cells
}

func fillCells(c *compose.Picture, cells []*compose.Picture, i int) {
	for k := range 4 {
		// To and fro, so that there is no cut where the clip ends.
		at := (i + 7*k) % (2*len(cells) - 2)
		if at >= len(cells) {
			at = 2*len(cells) - 2 - at
		}
		compose.Blit(c, cells[at], k%2*640, k/2*360)
	}
}

func BenchmarkAudio(b *testing.B) {
	for _, codec := range []media.Codec{media.AAC, media.Opus} {
		e, err := OpenAudioEncoder(codec, 128)
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		block := tone(e.FrameSize(), 440, SampleRate, 0.5)
		var packet []byte
		perSecond := func(b *testing.B, step func()) {
			start, n := cpuTime(b), 0
			for b.Loop() {
				step()
				n++
			}
			used := (cpuTime(b) - start).Seconds() / float64(n)
			b.ReportMetric(used*SampleRate/float64(e.FrameSize()), "cpu-s/s")
		}
		b.Run("encode-"+string(codec), func(b *testing.B) {
			perSecond(b, func() {
				if packet, err = e.Encode(block); err != nil {
					b.Fatal(err)
				}
			})
		})
		b.Run("decode-"+string(codec), func(b *testing.B) {
			d, err := OpenAudioDecoder(track(codec, e))
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			perSecond(b, func() {
				if _, err := d.Decode(packet); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
