package e2e

import (
	"context"
	"fmt"
	"image"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/slate"
)

// signsIn opens a desk as somebody with an account.
func (b *browser) signsIn(a *appliance, session, name, password string) *tab {
	b.t.Helper()
	p := b.person(look{}, a.url("/studio/"+session))
	p.fill("name", name)
	p.fill("password", password)
	p.click("Sign in")
	p.reads(20*time.Second, "Preview")
	return p
}

// press is a real key press, which goes to what has the focus.
func (p *tab) press(key string) {
	p.t.Helper()
	text := ""
	if len(key) == 1 {
		text = key
	}
	evaluate[bool](p, `(document.activeElement?.blur(), true)`)
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Text: text}); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		p.t.Fatalf("press %s: %v", key, err)
	}
}

// set gives a field a value, as its user would.
func (p *tab) set(selector, value string) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, "there is "+selector, func() bool {
		return glance[bool](p, fmt.Sprintf(`(() => {
			const field = document.querySelector(%q);
			if (field === null || field.disabled) return false;
			field.value = %q;
			for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
			return true;
		})()`, selector, value))
	})
}

// writes sends private text.
func (p *tab) writes(text string) {
	p.t.Helper()
	p.set(".talk-form input", text)
	evaluate[bool](p, `(document.querySelector('.talk-form').requestSubmit(), true)`)
}

// is waits until an expression of the page has a value.
func is[T comparable](p *tab, what, expression string, want T) {
	p.t.Helper()
	var got T
	if !p.awaits(20*time.Second, func() bool { got = glance[T](p, expression); return got == want }) {
		p.t.Fatalf("%s is %v, want %v; the page says:\n%.800s", what, got, want, evaluate[string](p, `document.body.innerText`))
	}
}

// previews waits until preview shows these looks in a layout's cells.
func (p *tab) previews(l show.Layout, w, h int, mix ...look) {
	p.t.Helper()
	type cell struct {
		X, Y, W, H float64
		Color      [][3]int
	}
	var saw []cell
	want := l.Cells(len(mix), w, h)
	near := func(share float64, pixels, of int) bool { return math.Abs(share-float64(pixels)/float64(of)) < 0.02 }
	ok := p.awaits(30*time.Second, func() bool {
		saw = glance[[]cell](p, `(() => {
			const all = document.querySelector('.preview .monitor-picture').getBoundingClientRect();
			return [...document.querySelectorAll('.preview .cell')].map((c, i) => {
				const r = c.getBoundingClientRect();
				return { X: (r.x - all.x) / all.width, Y: (r.y - all.y) / all.height, W: r.width / all.width, H: r.height / all.height,
					Color: colors('.preview .cell:nth-child(' + (i + 1) + ') video', [[0.5, 0.5]]) };
			});
		})()`)
		for i, c := range want {
			if len(saw) != len(want) || len(saw[i].Color) != 1 || !mix[i].color.seenAs(saw[i].Color[0]) ||
				!near(saw[i].X, c.X, w) || !near(saw[i].Y, c.Y, h) || !near(saw[i].W, c.W, w) || !near(saw[i].H, c.H, h) {
				return false
			}
		}
		return true
	})
	if !ok {
		p.t.Fatalf("preview shows %v, want %s of %v; the page says:\n%.800s", saw, l, mix, evaluate[string](p, `document.body.innerText`))
	}
}

// likeness says how much a part of a picture is what was drawn, by the correlation of
// their lumas: 1 is the same, whatever contrast it came through with.
func likeness(pic *compose.Picture, drawn *image.RGBA, at image.Point) float64 {
	want := compose.FromImage(drawn)
	got := pic.Sub(at.X, at.Y, want.W, want.H)
	var n, x, y, xx, yy, xy float64
	for j := range want.H {
		for i := range want.W {
			a, b := float64(got.Y[j*got.YStride+i]), float64(want.Y[j*want.YStride+i])
			n, x, y, xx, yy, xy = n+1, x+a, y+b, xx+a*a, yy+b*b, xy+a*b
		}
	}
	d := math.Sqrt((n*xx - x*x) * (n*yy - y*y))
	if d == 0 {
		return 0
	}
	return (n*xy - x*y) / d
}

// alike is a likeness that other words do not reach.
const alike = 0.85

// part is the middle of what is drawn, from a share of its height to another.
func part(drawn *image.RGBA, from, to float64) (*image.RGBA, int) {
	b := drawn.Bounds()
	b.Min.Y, b.Max.Y = int(from*float64(b.Max.Y))&^1, int(to*float64(b.Max.Y))&^1
	return drawn.SubImage(b).(*image.RGBA), b.Min.Y
}

// awaitDrawn waits until the program shows what was drawn.
func (s *screen) awaitDrawn(what string, drawn *image.RGBA, at image.Point) shot {
	s.t.Helper()
	best := -1.0
	found := shot{}
	if !s.awaitQuietly(20*time.Second, func() bool {
		if found = s.newest; found.pic == nil {
			return false
		}
		now := likeness(found.pic, drawn, at)
		best = max(best, now)
		return now > alike
	}) {
		s.t.Fatalf("%s: there is no %s; the likeness was %.2f at best; %s", s.name, what, best, s.state())
	}
	return found
}

// awaitFullCard waits for a slate that covers the picture. Below its title stands the line.
func (s *screen) awaitFullCard(title, line string) {
	s.t.Helper()
	now := s.next()
	w, h := now.pic.W, now.pic.H
	card := slate.NewPen(nil, nil).Card(title, line, w, h)
	s.awaitDrawn("title "+title, card.SubImage(image.Rect(0, 0, w, h/2)).(*image.RGBA), image.Point{})
	words, y := part(card, 0.55, 0.68)
	s.awaitDrawn("line "+line, words, image.Pt(0, y))
}

// awaitName waits until a cell shows somebody's name in place of their picture.
func (s *screen) awaitName(name string, c show.Cell) {
	s.t.Helper()
	card, _ := part(slate.NewPen(nil, nil).NameCard(name, c.W, c.H), 0, 0.8) // a caption lies below
	s.awaitDrawn("card of "+name, card, image.Pt(c.X, c.Y))
}

// awaitSound is hears for a machine that has much else to do.
func (s *screen) awaitSound(mix ...look) {
	s.t.Helper()
	var wrong string
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		if wrong = judge(s.listen(time.Second), mix...); wrong == "" {
			return
		}
	}
	s.t.Fatalf("%s: not the sound that was sent%s", s.name, wrong)
}

// tone is how loud somebody is in the program; 1 is as they send.
func (s *screen) tone(l look) float64 {
	s.t.Helper()
	mean, _ := steadiness(s.listen(time.Second), l.tone)
	return mean / level
}

// awaitLevel waits until somebody is that loud, to a third.
func (s *screen) awaitLevel(who string, l look, want float64) {
	s.t.Helper()
	var heard []string
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		got := s.tone(l)
		heard = append(heard, fmt.Sprintf("%.2f", got))
		if got > want*0.7 && got < want*1.4 {
			return
		}
	}
	s.t.Fatalf("%s: %s is %v as loud as they send (second after second), want %.2f", s.name, who, heard, want)
}

// between counts the pictures since a moment that show, in both of the upper
// quarters, neither of two colours but something on the way.
func (s *screen) between(since time.Time, a, b yuv) (n int) {
	lo, hi := min(a[0], b[0])+tolerance, max(a[0], b[0])-tolerance
	for _, m := range s.watched(since) {
		if m.luma[0] > lo && m.luma[0] < hi && m.luma[1] > lo && m.luma[1] < hi {
			n++
		}
	}
	return n
}

func TestWordsAreToldApart(t *testing.T) {
	const w, h = 640, 360
	lines := []string{"We will be right back", "Starting soon", "Back at five", "Thank you for watching"}
	for i, says := range lines {
		pic := compose.FromImage(slate.NewPen(nil, nil).Card("Glaze", says, w, h))
		for j, wanted := range lines {
			words, y := part(slate.NewPen(nil, nil).Card("Glaze", wanted, w, h), 0.55, 0.68)
			if got := likeness(pic, words, image.Pt(0, y)); got > alike != (i == j) {
				t.Errorf("%q is like %q by %.2f", says, wanted, got)
			}
		}
	}
	pic := compose.FromImage(slate.NewPen(nil, nil).NameCard("Mei", w/2, h/2))
	for _, name := range []string{"Mei", "Théo", ""} {
		card, _ := part(slate.NewPen(nil, nil).NameCard(name, w/2, h/2), 0, 0.8)
		if got := likeness(pic, card, image.Point{}); got > alike != (name == "Mei") {
			t.Errorf("the card of Mei is like that of %q by %.2f", name, got)
		}
	}
	grey := compose.NewPicture(w, h)
	card := slate.NewPen(nil, nil).Card("Glaze", lines[0], w, h)
	if got := likeness(grey, card, image.Point{}); got != 0 {
		t.Errorf("nothing is like a card by %.2f", got)
	}
}
