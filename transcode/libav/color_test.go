package libav

import (
	"image"
	"testing"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// TestColorDescriptions encodes one colour with the ffmpeg program in every way that
// streams describe colour, and expects the same BT.709 limited-range samples.
func TestColorDescriptions(t *testing.T) {
	const r, g, b = 0xC0, 0x80, 0x30
	y, u, v := compose.YCbCr(r, g, b)
	want := [3]byte{y, u, v}
	tests := []struct {
		name, size, matrix, rng, format, space string
	}{
		{"bt709", "640x360", "bt709", "tv", "yuv420p", "bt709"},
		{"bt601", "640x360", "bt601", "tv", "yuv420p", "smpte170m"},
		{"bt470bg", "1280x720", "bt601", "tv", "yuv420p", "bt470bg"},
		{"bt2020", "640x360", "bt2020", "tv", "yuv420p", "bt2020nc"},
		{"smpte240m", "640x360", "smpte240m", "tv", "yuv420p", "smpte240m"},
		{"full range", "640x360", "bt709", "pc", "yuv420p", "bt709"},
		{"full range bt601", "640x360", "bt601", "pc", "yuvj420p", "smpte170m"},
		{"4:2:2", "640x360", "bt709", "tv", "yuv422p", "bt709"},
		{"4:4:4 full range", "640x360", "bt709", "pc", "yuv444p", "bt709"},
		{"10 bit", "640x360", "bt709", "tv", "yuv420p10le", "bt709"},
		{"10 bit 4:2:2 full range bt601", "640x360", "bt601", "pc", "yuv422p10le", "smpte170m"},
		{"unspecified, small", "640x360", "bt601", "tv", "yuv420p", "unknown"},
		{"unspecified, large", "1280x720", "bt709", "tv", "yuv420p", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stream := ffmpeg(t, "-f", "lavfi", "-i", "color=c=0xC08030:r=10:s="+tt.size, "-frames:v", "2",
				"-vf", "format=gbrp,scale=out_color_matrix="+tt.matrix+":out_range="+tt.rng+",format="+tt.format,
				"-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-x264-params", "aud=1", "-bf", "0",
				"-colorspace", tt.space, "-color_range", tt.rng, "-f", "h264", "-")
			decodeColor(t, media.H264, splitH264(stream), want)
		})
	}
	t.Run("rgb", func(t *testing.T) {
		stream := ffmpeg(t, "-f", "lavfi", "-i", "color=c=0xC08030:r=10:s=640x360", "-frames:v", "2",
			"-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "4", "-x264-params", "aud=1", "-bf", "0", "-f", "h264", "-")
		decodeColor(t, media.H264, splitH264(stream), want)
	})
	t.Run("vp8", func(t *testing.T) {
		// RFC 6386 section 9.2 has no word for the matrix; browsers send BT.709.
		e, err := OpenVideoEncoder(VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 2000, Codec: media.VP8})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		e.Canvas().Fill(want[0], want[1], want[2])
		data, _, err := e.Encode(0, true)
		if err != nil {
			t.Fatal(err)
		}
		decodeColor(t, media.VP8, [][]byte{data}, want)
	})
	t.Run("grey", func(t *testing.T) {
		stream := ffmpeg(t, "-f", "lavfi", "-i", "color=c=0x808080:r=10:s=640x360", "-frames:v", "2",
			"-vf", "format=gray", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-x264-params", "aud=1", "-bf", "0",
			"-color_range", "tv", "-f", "h264", "-")
		decodeColor(t, media.H264, splitH264(stream), [3]byte{126, 128, 128})
	})
}

// decodeColor scales a stream of one colour to several sizes and compares.
func decodeColor(t *testing.T, codec media.Codec, units [][]byte, want [3]byte) {
	t.Helper()
	d := openVideo(t, codec)
	n := 0
	for i, au := range units {
		err := d.Decode(au, frameTime(i), func(f *Frame) {
			n++
			for _, size := range []image.Point{{320, 180}, {330, 186}, {f.W, f.H}} {
				p := compose.NewPicture(size.X, size.Y)
				if err := f.ScaleTo(p, image.Rect(0, 0, f.W, f.H)); err != nil {
					t.Fatal(err)
				}
				checkColor(t, size.String(), p, size.X/2, size.Y/2, want, 2)
				checkColor(t, size.String(), p, size.X-4, size.Y-4, want, 2)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Error("no picture")
	}
}

// TestScaleToPart: cropping takes the right part, and a cell inside a larger picture
// is filled without touching a pixel around it, at any width.
func TestScaleToPart(t *testing.T) {
	clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 4000}, 1)
	d := openVideo(t, media.H264)
	err := d.Decode(clip[0], 0, func(f *Frame) {
		for i, c := range quadrants {
			crop := image.Rect(0, 0, 320, 180).Add(image.Pt(i%2*320, i/2*180))
			for _, size := range []image.Point{{320, 180}, {160, 90}, {322, 178}, {66, 34}, {2, 2}, {640, 360}, {128, 64}} {
				whole := compose.NewPicture(720, 480)
				whole.Fill(1, 2, 3)
				cell := whole.Sub(50, 60, size.X, size.Y)
				if err := f.ScaleTo(cell, crop); err != nil {
					t.Fatal(err)
				}
				if size.X > 32 {
					checkColor(t, "crop "+crop.String(), cell, size.X*3/4, size.Y/4, c, 8)
				}
				checkAround(t, whole, image.Rect(50, 60, 50+size.X, 60+size.Y), [3]byte{1, 2, 3})
			}
		}
		dst := compose.NewPicture(64, 64)
		for _, bad := range []image.Rectangle{{}, image.Rect(-2, 0, 10, 10), image.Rect(0, 0, 641, 360), image.Rect(0, 350, 10, 370)} {
			if err := f.ScaleTo(dst, bad); err == nil {
				t.Errorf("scaled %v of a picture of 640×360", bad)
			}
		}
		if err := f.ScaleTo(compose.NewPicture(0, 0), image.Rect(0, 0, 640, 360)); err == nil {
			t.Error("scaled to nothing")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestScaleHalf: at exactly half the size every sample is the mean of four.
func TestScaleHalf(t *testing.T) {
	stream := ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=638x362:r=30,noise=alls=40", "-frames:v", "1", "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-bf", "0", "-x264-params", "aud=1", "-colorspace", "bt709", "-f", "h264", "-")
	d := openVideo(t, media.H264)
	n := 0
	err := d.Decode(stream, 0, func(f *Frame) {
		n++
		for _, src := range []image.Rectangle{image.Rect(0, 0, 636, 360), image.Rect(2, 2, 402, 206), image.Rect(0, 0, 4, 4)} {
			whole, half := compose.NewPicture(src.Dx(), src.Dy()), compose.NewPicture(src.Dx()/2, src.Dy()/2)
			for _, p := range []*compose.Picture{whole, half} {
				if err := f.ScaleTo(p, src); err != nil {
					t.Fatal(err)
				}
			}
			checkHalf(t, whole.Y, whole.YStride, half.Y, half.YStride, half.W, half.H)
			checkHalf(t, whole.U, whole.CStride, half.U, half.CStride, half.W/2, half.H/2)
			checkHalf(t, whole.V, whole.CStride, half.V, half.CStride, half.W/2, half.H/2)
		}
	})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
}

func checkHalf(t *testing.T, s []byte, ss int, d []byte, ds, w, h int) {
	t.Helper()
	for y := range h {
		for x := range w {
			a, b := s[2*y*ss+2*x:], s[(2*y+1)*ss+2*x:]
			want := (int(a[0]) + int(a[1]) + int(b[0]) + int(b[1]) + 2) / 4
			if got := int(d[y*ds+x]); got != want {
				t.Fatalf("sample %d,%d of %d×%d is %d, want %d", x, y, w, h, got, want)
			}
		}
	}
}

func checkAround(t *testing.T, p *compose.Picture, hole image.Rectangle, want [3]byte) {
	t.Helper()
	for y := range p.H {
		for x := range p.W {
			c := y/2*p.CStride + x/2
			if got := [3]byte{p.Y[y*p.YStride+x], p.U[c], p.V[c]}; !image.Pt(x, y).In(hole) && got != want {
				t.Fatalf("filling %v wrote at %d,%d", hole, x, y)
			}
		}
	}
}
