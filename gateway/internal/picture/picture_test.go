package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

func pngOf(t testing.TB, w, h int, at func(x, y int) color.Color) []byte {
	t.Helper()
	i := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			i.Set(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, i); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func red(int, int) color.Color { return color.NRGBA{255, 0, 0, 255} }

func TestCleanKeepsThePictureAndNothingElse(t *testing.T) {
	file := append(pngOf(t, 300, 200, red), "<script>alert(1)</script>"...)
	p, err := Clean(file, 100)
	if err != nil {
		t.Fatal(err)
	}
	i, err := png.Decode(bytes.NewReader(p.Bytes))
	if err != nil || p.Type != "image/png" || p.Hash == "" {
		t.Fatalf("%s: %v", p.Type, err)
	}
	if i.Bounds() != image.Rect(0, 0, 100, 66) {
		t.Errorf("it is %v", i.Bounds())
	}
	if r, g, b, a := i.At(50, 33).RGBA(); r != 0xffff || g != 0 || b != 0 || a != 0xffff {
		t.Errorf("red became %x %x %x %x", r, g, b, a)
	}
	if bytes.Contains(p.Bytes, []byte("script")) {
		t.Error("what hid in the file is handed on")
	}
}

func TestCleanDropsWhereAPhotographWasTaken(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 500, 500))
	for i := range noise.Pix {
		noise.Pix[i] = byte(rand.IntN(256))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, noise, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte{0xff, 0xe1, 0, 22}, "Exif\x00\x00N 48.8566 E 2.3"...)
	file := append(append(bytes.Clone(b.Bytes()[:2]), exif...), b.Bytes()[2:]...)
	if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
		t.Fatal("the test's own file:", err)
	}
	p, err := Clean(file, 800)
	if err != nil || p.Type != "image/jpeg" || bytes.Contains(p.Bytes, []byte("48.8566")) {
		t.Errorf("%s, %v", p.Type, err)
	}
}

func TestCleanRefuses(t *testing.T) {
	good := pngOf(t, 20, 20, red)
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[16:], 60_000) // a width that the file does not have
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":    {nil, "neither a PNG nor a JPEG"},
		"a script":   {[]byte("<svg onload=alert(1)>"), "neither a PNG nor a JPEG"},
		"a GIF":      {[]byte("GIF89a"), "neither a PNG nor a JPEG"},
		"cut off":    {good[:len(good)-20], "damaged"},
		"only magic": {good[:8], "damaged"},
		"a bomb":     {huge, "60000 × 60000 pixels"},
		"too long":   {append(bytes.Clone(good), make([]byte, MaxBytes)...), "more than 1024 KiB"},
	} {
		_, err := Clean(test.file, 800)
		if show.KindOf(err) != show.Invalid || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(pngOf(f, 3, 3, red))
	f.Add([]byte("\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Clean(file, 16)
		if err != nil {
			return
		}
		c, _, err := image.DecodeConfig(bytes.NewReader(p.Bytes))
		if err != nil || c.Width > 16 || c.Height > 16 {
			t.Errorf("%v, %v", c, err)
		}
	})
}
