package worker

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
)

// logoPNG codes a picture of one colour.
func logoPNG(t testing.TB, w, h int, c color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claiming gives a PNG another size, with a checksum that fits.
func claiming(data []byte, w, h uint32) []byte {
	data = bytes.Clone(data)
	binary.BigEndian.PutUint32(data[16:], w)
	binary.BigEndian.PutUint32(data[20:], h)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestDecodeLogo(t *testing.T) {
	good := logoPNG(t, 40, 20, color.NRGBA{255, 0, 0, 128})
	for _, c := range []struct {
		name string
		data []byte
		says string // empty: it is a logo
	}{
		{"good", good, ""},
		{"as large as may be", logoPNG(t, 1024, 1024, color.White), ""},
		{"wide", logoPNG(t, 1025, 1, color.White), "1025×1 pixels; a logo has at most 1024×1024"},
		{"4 GB", claiming(good, 32768, 32768), "32768×32768 pixels"},
		{"2³¹ wide", claiming(good, 1<<31-1, 1<<31-1), "not a PNG"},
		{"negative", claiming(good, 1<<31, 5), "not a PNG"},
		{"no pixels", claiming(good, 0, 5), "not a PNG"},
		{"cut", good[:len(good)-20], "damaged"},
		{"larger than it is", claiming(good, 500, 500), "damaged"},
		{"a JPEG", []byte("\xff\xd8\xff\xe0\x00\x10JFIF"), "not a PNG"},
		{"heavy", append(bytes.Clone(good), make([]byte, 256<<10)...), "more than the 262144"},
	} {
		img, err := decodeLogo(c.data)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		case c.says == "" && img.Bounds().Min != image.Point{}:
			t.Errorf("%s: %v", c.name, img.Bounds())
		}
	}
	img, _ := decodeLogo(good)
	if got := img.(*image.RGBA).RGBAAt(3, 3); got != (color.RGBA{128, 0, 0, 128}) {
		t.Errorf("half clear red became %v, want it multiplied by its alpha", got)
	}
}

func FuzzDecodeLogo(f *testing.F) {
	good := logoPNG(f, 8, 8, color.NRGBA{1, 2, 3, 128})
	f.Add(good)
	f.Add(claiming(good, 1024, 1024))
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		if img, err := decodeLogo(data); err == nil {
			if b := img.Bounds(); b.Empty() || b.Dx() > transcode.MaxLogoSide || b.Dy() > transcode.MaxLogoSide {
				t.Errorf("a logo of %v", b)
			}
		}
	})
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		until, now time.Duration
		want       string
	}{
		{90 * time.Second, 0, "01:30"},
		{90 * time.Second, time.Nanosecond, "01:30"},
		{90 * time.Second, time.Second, "01:29"},
		{90 * time.Second, 89*time.Second + 1, "00:01"},
		{90 * time.Second, 90 * time.Second, "00:00"},
		{90 * time.Second, 900 * time.Second, "00:00"},
		{-time.Hour, 0, "00:00"},
		{time.Hour, 0, "1:00:00"},
		{time.Hour, time.Second, "59:59"},
		{26*time.Hour + 61*time.Second, 0, "26:01:01"},
		{1<<63 - 1, 0, "99:59:59"},
		{-1 << 63, time.Hour, "00:00"},
	} {
		sc := &scene{count: &digits{}, until: c.until}
		if got := sc.clock(c.now); got != c.want {
			t.Errorf("at %v to %v: %q, want %q", c.now, c.until, got, c.want)
		}
	}
	if got := (&scene{until: time.Hour}).clock(0); got != "" {
		t.Errorf("nothing counts and it says %q", got)
	}
}
