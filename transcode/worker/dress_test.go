package worker_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/testcard"
)

// TestOverlaysSurvive: the logo, a lower third and a card are in the coded program,
// also in that of the worker that follows one which died in the middle of a fade;
// whom a silent cell shows is not heard; and a slate is written in letters of fonts
// that a confined worker could not open any more.
func TestOverlaysSurvive(t *testing.T) {
	r := newRig(t, small)
	var logo bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for i := range img.Pix {
		img.Pix[i] = 255 // white
	}
	if err := png.Encode(&logo, img); err != nil {
		t.Fatal(err)
	}
	r.join("host", testcard.Options{Name: "host", Color: blue, ToneHz: 330, W: 640, H: 360, Kbps: 500, FPS: 15}, nil)
	r.join("guest1", testcard.Options{Name: "guest1", Color: red, ToneHz: 550, W: 320, H: 180, Kbps: 300, FPS: 15}, nil)
	whole := transcode.Rect{W: small.Width, H: small.Height}
	corner := transcode.Rect{X: 420, Y: 160, W: 200, H: 120}
	r.s.SetScene(transcode.Scene{Cells: []transcode.Cell{{Source: "guest1", Rect: whole}}})
	r.live("host", "guest1")
	r.s.SetScene(transcode.Scene{
		Cells:      []transcode.Cell{{Source: "host", Rect: whole, Silent: true}, {Source: "guest1", Rect: corner, Card: true}},
		LowerThird: &transcode.LowerThird{Title: "Ana Ruiz", Line: "Host"},
		Logo:       &transcode.Logo{PNG: logo.Bytes()},
		Fade:       transcode.MaxFade,
	})
	r.until(r.s.Now() + time.Second)
	pid, died := r.workerPID(), r.s.Now()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wait("another worker", 8*time.Second, func() bool { return len(r.causes) > 0 && r.stats.PID != pid })
	from := r.live("host", "guest1") + time.Second
	r.until(from + time.Second)
	x := sound(t, r.taken(transcode.Opus), opusTrack)
	slated := r.s.Now()
	r.s.SetScene(transcode.Scene{Slate: &transcode.Slate{Title: "東京 שלום"}})
	r.until(slated + 2*time.Second)
	checkTimeline(t, r)
	before, after, letters := 0, 0, 0
	frames(t, r.taken(transcode.Video), func(pts time.Duration, p *compose.Picture) {
		at := func(x, y int) image.Rectangle { return image.Rect(x, y, x+8, y+8) }
		logo := mean(p, at(600, 30))[0]
		switch {
		case pts < died && pts > died-200*time.Millisecond && logo > 225:
			before++
		case pts > slated+time.Second:
			for x := 200; x < 440; x += 2 {
				letters = max(letters, mean(p, image.Rect(x, 140, x+2, 156))[0])
			}
		case pts > from && pts < slated:
			after++
			plate, card := mean(p, image.Rect(32, 260, 38, 290)), mean(p, at(430, 170))
			if logo < 225 || !near(plate, color.RGBA{0x14, 0x11, 0x0F, 255}) || !near(card, color.RGBA{0x24, 0x1F, 0x1B, 255}) {
				t.Errorf("at %v: logo of luma %d, lower third %v, card %v", pts, logo, plate, card)
			}
			if got := mean(p, image.Rect(220, 250, 400, 284)); !near(got, blue) {
				t.Errorf("at %v the host's picture is %v", pts, got)
			}
		}
	})
	if before == 0 || after < 10 {
		t.Errorf("%d frames with the logo before the worker died, %d after", before, after)
	}
	if letters < 100 {
		t.Errorf("nothing is written on the slate: at most luma %d", letters)
	}
	x = x[max(0, len(x)-48000):]
	if silent, heard := typical(x, 330), typical(x, 550); silent > 0.01 || heard < 0.05 {
		t.Errorf("the silent cell has amplitude %.3f, the other %.3f", silent, heard)
	}
}
