// Package picture makes a picture that somebody sent, or that was fetched from where
// they said, fit to be shown to an audience.
//
// It guarantees that what Clean returns is a PNG or a JPEG that it wrote itself, of
// at most the size that was asked for: nothing that hid in the file, such as the
// place where a photograph was taken or another file after its end, is handed on.
// It reads the size before it decodes, so that a small file cannot take much memory,
// and decodes one at a time.
package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"

	"golang.org/x/image/draw"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// MaxBytes is how long a file may be.
	MaxBytes = 1 << 20
	// maxPixels of a file: a telephone's camera, and 64 MB while it is decoded.
	maxPixels = 16_000_000
	// maxPNG is from where on a photograph is not kept as a PNG.
	maxPNG  = 256 << 10
	quality = 85
)

// Picture is one that may be shown.
type Picture struct {
	Bytes []byte
	Type  string // image/png or image/jpeg
	Hash  string // of Bytes, for addresses that change with them
}

var one sync.Mutex // decodes

// Clean reads a PNG or a JPEG and writes it anew, side pixels wide and high at most.
// Its errors are for the person who sent the file.
func Clean(file []byte, side int) (Picture, error) {
	if len(file) > MaxBytes {
		return Picture{}, no("the picture has more than %d KiB; make it smaller", MaxBytes>>10)
	}
	decode, config := png.Decode, png.DecodeConfig
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		decode, config = jpeg.Decode, jpeg.DecodeConfig
	default:
		return Picture{}, no("that is neither a PNG nor a JPEG; export the picture as one of them")
	}
	c, err := config(bytes.NewReader(file))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return Picture{}, no("the picture is damaged; export it again")
	}
	if c.Width > maxPixels/c.Height {
		return Picture{}, no("the picture has %d × %d pixels; make it smaller, %d a side are enough", c.Width, c.Height, side)
	}
	one.Lock()
	defer one.Unlock()
	i, err := decode(bytes.NewReader(file))
	if err != nil {
		return Picture{}, no("the picture is damaged; export it again")
	}
	return encode(fit(i, side))
}

// fit makes a picture smaller if need be. It also brings all colours to one model.
func fit(i image.Image, side int) *image.NRGBA {
	w, h := i.Bounds().Dx(), i.Bounds().Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(to, to.Rect, i, i.Bounds(), draw.Src, nil)
	return to
}

func encode(i *image.NRGBA) (Picture, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, i); err != nil {
		return Picture{}, err
	}
	kind := "image/png"
	if b.Len() > maxPNG {
		flat := image.NewRGBA(i.Rect)
		draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(flat, flat.Rect, i, image.Point{}, draw.Over)
		b.Reset()
		if err := jpeg.Encode(&b, flat, &jpeg.Options{Quality: quality}); err != nil {
			return Picture{}, err
		}
		kind = "image/jpeg"
	}
	sum := sha256.Sum256(b.Bytes())
	return Picture{Bytes: b.Bytes(), Type: kind, Hash: hex.EncodeToString(sum[:8])}, nil
}

func no(format string, args ...any) error {
	return &show.Error{Kind: show.Invalid, Detail: fmt.Sprintf(format, args...)}
}
