package e2e

import (
	"bytes"
	"fmt"
	"image"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/slate"
)

// desk is a live session of a host and two guests in browsers, a second person at the
// desk, and its program in real time.
type desk struct {
	*testing.T
	admin                   *admin
	host, second, théo, mei *tab
	program                 *peer
}

const width, height = 640, 360

// TestDesk works the host's desk by its buttons and keys, and judges what viewers get
// by its content.
func TestDesk(t *testing.T) {
	a := start(t, setup{fps: 15})
	m := a.setUp()
	b := startBrowser(t)
	d := &desk{T: t, admin: m, host: b.hosts(m, "glaze", looks[0])}
	d.théo, d.mei = b.joins(m, "glaze", "Théo", looks[1]), b.joins(m, "glaze", "Mei", looks[2])
	for _, name := range []string{"Théo", "Mei"} {
		d.host.click("Let in: " + name)
		d.host.click("Bring on: " + name)
	}
	d.second = b.signsIn(a, "glaze", "Ana", "clay, fire and patience")
	if status, detail := m.change("sessions/glaze", map[string]any{"ends": time.Now().Add(10 * time.Minute)}); status >= 300 {
		t.Fatalf("a planned end: %d %s", status, detail)
	}
	d.host.click("Go live")
	a.awaitLive("glaze")
	d.program = watchWHEP(t, a.whep("glaze"))
	d.program.awaitMix(30*time.Second, looks[:3]...)

	d.second.ears("another at the desk", looks[:3]...)
	d.host.ears("the host, with another at the desk,", looks[1:3]...)
	d.tally()
	d.layouts()
	d.fade()
	d.people()
	d.volume()
	d.overlays()
	d.slates()
	d.screen()
	d.together()
	d.private()
	late := play(t, a.hls("glaze"))
	late.awaitMix(30*time.Second, looks[0], looks[1])
	for _, p := range []*tab{d.second, d.théo, d.mei} {
		p.noErrors()
	}
	for _, m := range d.host.errors() {
		if !strings.Contains(m, "404") { // a screen's goodbye may find its connection gone
			t.Errorf("the host's console: %s", m)
		}
	}
}

// tally: everybody knows that it is live, and how much time is left.
func (d *desk) tally() {
	for _, p := range []*tab{d.host, d.second} {
		is(p, "the tally light", `document.querySelector('.monitor.program.live') !== null && document.querySelector('.badge.live')?.checkVisibility() === true`, true)
		is(p, "lights of people on air", `document.querySelectorAll('.stage-tile.on-air').length`, 3)
	}
	for _, p := range []*tab{d.théo, d.mei} {
		p.reads(20*time.Second, "You are on air")
	}
	for _, p := range []*tab{d.host, d.second, d.théo, d.mei} {
		is(p, "time left", `/\b9:\d\d left/.test(document.querySelector('.clock')?.innerText ?? '')`, true)
	}
}

// layouts: keys and buttons choose for preview alone, Take puts it on air.
func (d *desk) layouts() {
	all := looks[:3]
	for i, l := range []show.Layout{show.Solo, show.TwoUp, show.OnePlusTwo, show.OnePlusThree, show.PiP, show.Grid} {
		d.host.press(fmt.Sprint(i + 1))
		d.host.previews(l, width, height, all...)
		if i == 0 {
			d.host.reads(5*time.Second, "Not on air yet")
			d.program.awaitMix(time.Second, all...)
		}
		d.host.press("Enter")
		d.program.awaitLayout(20*time.Second, l, all...)
		d.host.reads(5*time.Second, "The same as the program")
	}
	d.host.press("1")
	d.host.previews(show.Solo, width, height, all...)
	d.host.press("Escape")
	d.host.previews(show.Grid, width, height, all...)
	d.host.click("1 + 2")
	d.host.previews(show.OnePlusTwo, width, height, all...)
	d.host.click("Take")
	d.program.awaitLayout(20*time.Second, show.OnePlusTwo, all...)
}

// fade: spotlights change by a cut or through something between the two pictures.
func (d *desk) fade() {
	from, to := looks[0], looks[1]
	d.host.press("1")
	d.host.press("Enter")
	d.program.awaitLayout(20*time.Second, show.Solo, from)
	blended := 0
	for turn := 0; turn < 5 && blended == 0; turn++ { // a busy mixer leaves pictures out
		d.host.click("Spotlight: Théo")
		d.host.previews(show.Solo, width, height, to)
		since := time.Now()
		d.host.click("Take")
		d.program.awaitLayout(20*time.Second, show.Solo, to)
		if n := d.program.between(since, from.color, to.color); n > 0 {
			d.Errorf("a cut showed %d pictures on the way", n)
		}
		d.host.click("End spotlight: Théo")
		d.host.previews(show.Solo, width, height, from)
		since = time.Now()
		d.host.click("Fade")
		d.program.awaitLayout(20*time.Second, show.Solo, from)
		blended = d.program.between(since, from.color, to.color)
	}
	figure(d, "desk.fade_pictures", float64(blended), "")
	if blended == 0 {
		d.Error("a fade showed nothing on the way")
	}
	d.host.press("0")
	d.host.press("Enter")
	d.program.awaitMix(20*time.Second, looks[:3]...)
}

// people: what the desk takes from somebody, only they give back.
func (d *desk) people() {
	d.program.awaitSound(looks[:3]...)
	d.host.click("Mute: Théo")
	d.théo.reads(20*time.Second, "You alone can unmute yourself")
	d.program.awaitSound(looks[0], looks[2])
	is(d.host, "buttons for Théo's microphone", `[...document.querySelectorAll('button')].filter((b) => /mute: Théo/i.test(b.ariaLabel ?? '')).length`, 0)
	status, detail := d.admin.change("sessions/glaze/people/guest1", map[string]any{"muted": false})
	if status != http.StatusConflict || !strings.Contains(detail, "Only Théo can unmute") {
		d.Errorf("the desk unmutes: %d %s", status, detail)
	}
	d.théo.click("Unmute")
	d.program.awaitSound(looks[:3]...)

	d.host.click("Camera off: Mei")
	d.mei.reads(20*time.Second, "switched your camera off")
	d.program.awaitName("Mei", show.Auto.Cells(3, width, height)[2])
	d.program.awaitSound(looks[:3]...)
	d.mei.click("Camera on")
	d.program.awaitMix(20*time.Second, looks[:3]...)
}

func (d *desk) volume() {
	const slider = `[aria-label="Volume of Théo in the program"]`
	d.host.set(slider, "0.25")
	d.program.awaitLevel("Théo", looks[1], 0.25)
	d.program.awaitLevel("the host", looks[0], 1)
	is(d.second, "Théo's volume", `document.querySelector('`+slider+`').value`, "0.25")
	d.second.set(slider, "1")
	d.program.awaitLevel("Théo", looks[1], 1)
	is(d.host, "Théo's volume", `document.querySelector('`+slider+`').value`, "1")
}

// overlays change at once, without Take.
func (d *desk) overlays() {
	d.host.click("Overlays")
	d.host.set("#third-title", "Théo Martin")
	d.host.set("#third-line", "throws pots")
	d.host.click("Show")
	plate, at := slate.NewPen(nil, nil).LowerThird("Théo Martin", "throws pots", width, height)
	d.program.awaitDrawn("lower third", plate, at)
	d.second.click("Overlays")
	d.second.reads(10*time.Second, "On air now: Théo Martin")
	is(d.second, "the other desk's field", `document.getElementById('third-title').value`, "Théo Martin")
	d.second.set("#third-title", "Mei Wu")
	d.second.click("Change")
	plate, at = slate.NewPen(nil, nil).LowerThird("Mei Wu", "throws pots", width, height)
	d.program.awaitDrawn("lower third of the other desk", plate, at)
	d.host.reads(10*time.Second, "On air now: Mei Wu")
	d.host.click("Hide")
	d.program.awaitMix(20*time.Second, looks[:3]...)

	evaluate[bool](d.host, `(async () => {
		const canvas = Object.assign(document.createElement('canvas'), { width: 900, height: 900 });
		const pen = canvas.getContext('2d');
		pen.fillStyle = '#d020c0';
		pen.fillRect(0, 0, 900, 900);
		const files = new DataTransfer();
		files.items.add(new File([await new Promise((done) => canvas.toBlob(done, 'image/jpeg'))], 'logo.jpg', { type: 'image/jpeg' }));
		const field = document.getElementById('logo-file');
		field.files = files.files;
		return field.dispatchEvent(new Event('change', { bubbles: true }));
	})()`)
	drawn, at := slate.Logo(image.NewRGBA(image.Rect(0, 0, 900, 900)), width, height)
	box := drawn.Bounds().Add(at).Inset(8)
	y, u, v := compose.YCbCr(0xd0, 0x20, 0xc0)
	logo := func(s shot) bool {
		return mean(s.pic, box.Min.X, box.Min.Y, box.Dx(), box.Dy()).near(yuv{y, u, v}, 20)
	}
	d.program.awaitShot(20*time.Second, "the logo", logo)
	is(d.second, "the other desk's switch of the logo", `document.querySelector('.choice input').checked`, true)
	evaluate[bool](d.host, `(document.querySelector('.choice input').click(), true)`)
	d.program.awaitShot(20*time.Second, "no logo", func(s shot) bool { return !logo(s) })
}

// slates cover everything, go by preview and Take, and say what preview says.
func (d *desk) slates() {
	d.host.click("Be right back")
	is(d.host, "the slate in preview", `document.querySelector('.preview .slate-words')?.innerText`, "We will be right back")
	d.program.awaitMix(time.Second, looks[:3]...)
	d.host.click("Take")
	d.program.awaitFullCard("Glaze", "We will be right back")
	d.second.click("Be right back") // off
	d.second.previews(show.Auto, width, height, looks[:3]...)
	d.second.click("Fade")
	d.program.awaitMix(20*time.Second, looks[:3]...)

	d.host.set("#slate-line", "Back at five")
	d.host.click("Set")
	d.host.click("5 min")
	d.host.click("Countdown")
	is(d.host, "the countdown in preview", `/^4:\d\d|^5:00/.test(document.querySelector('.preview .slate-clock')?.innerText ?? '')`, true)
	d.host.click("Take")
	d.program.awaitFullCard("Glaze", "Back at five")
	digits := slate.Countdown(width, height)
	clock := image.Rect(-3*digits.Step, -digits.Step, 3*digits.Step, digits.Step).Add(digits.Center)
	amber := func(s shot) (row []byte) {
		p := s.pic.Sub(clock.Min.X&^1, clock.Min.Y&^1, clock.Dx()&^1, clock.Dy()&^1)
		for j := range p.H {
			row = append(row, bytes.Map(func(r rune) rune { return min(r/128, 1) }, p.Y[j*p.YStride:][:p.W])...)
		}
		return row
	}
	first := amber(d.program.next())
	if n := bytes.Count(first, []byte{1}); n < 200 {
		d.Errorf("the countdown has %d bright pixels", n)
	}
	d.program.awaitShot(10*time.Second, "the countdown counts", func(s shot) bool {
		now := amber(s)
		changed := 0
		for i := range now {
			if now[i] != first[i] {
				changed++
			}
		}
		return changed > 20
	})
	d.host.click("Countdown") // off
	d.host.click("Take")
	d.program.awaitMix(20*time.Second, looks[:3]...)
}

// screen: beside the camera it is one more cell, at the last place; in its stead the
// person's own.
func (d *desk) screen() {
	d.host.click("Share screen")
	d.host.click("Beside my camera")
	with := []look{looks[0], looks[1], looks[2], shared}
	d.program.awaitMix(30*time.Second, with...)
	d.host.previews(show.Auto, width, height, with...)
	d.host.click("Stop sharing")
	d.program.awaitMix(30*time.Second, looks[:3]...)
	d.théo.click("Share screen")
	d.théo.click("Instead of my camera")
	d.program.awaitMix(30*time.Second, looks[0], shared, looks[2])
	d.host.previews(show.Auto, width, height, looks[0], shared, looks[2])
	d.program.awaitSound(looks[:3]...)
	d.théo.click("Stop sharing")
	d.program.awaitMix(30*time.Second, looks[:3]...)
}

// together: two people at the desk see what each does, and the last of two wins, on
// both pages and on air.
func (d *desk) together() {
	const chosen = `document.querySelector('.layout-button[aria-checked=true]')?.innerText.split('\n')[0].trim()`
	d.second.press("5")
	d.host.previews(show.PiP, width, height, looks[:3]...)
	d.host.press("Enter")
	d.program.awaitLayout(20*time.Second, show.PiP, looks[:3]...)
	d.second.click("Spotlight: Mei") // one field,
	d.host.press("2")                // and another
	mix := []look{looks[2], looks[0], looks[1]}
	for _, p := range []*tab{d.host, d.second} {
		p.previews(show.TwoUp, width, height, mix...)
	}
	for _, key := range []string{"1", "6", "3"} {
		d.host.press(key)
	}
	is(d.second, "the layout that the other chose last", chosen, "1 + 2") // else theirs may arrive after ours
	for _, key := range []string{"4", "1"} {
		d.second.press(key)
	}
	for _, p := range []*tab{d.host, d.second} {
		is(p, "the layout that was chosen last", chosen, "Solo")
	}
	d.second.press("Enter")
	d.program.awaitLayout(20*time.Second, show.Solo, looks[2])
	d.host.click("End spotlight: Mei")
	d.host.press("0")
	d.host.press("Enter")
	d.program.awaitMix(20*time.Second, looks[:3]...)
}

// private: what host and a guest backstage write to each other, nobody else reads.
func (d *desk) private() {
	d.host.click("Send back: Mei")
	d.mei.reads(20*time.Second, "You are backstage again")
	d.program.awaitMix(20*time.Second, looks[0], looks[1])
	d.host.click("Messages")
	d.host.set("#talk-to", "guest2")
	d.host.writes("You are next, after the kiln.")
	d.mei.reads(10*time.Second, "You are next, after the kiln.")
	d.mei.writes("I have my bowl with me.")
	d.host.reads(10*time.Second, "I have my bowl with me.")
	if text := evaluate[string](d.théo, `document.body.innerText`); strings.Contains(text, "kiln") || strings.Contains(text, "bowl") {
		d.Errorf("another guest reads: %s", text)
	}
}

// TestDeskOfAnEncoder: a host who sends with an encoder works an upright program from
// the desk's page. It shows them their own picture, and never lets them hear themselves.
func TestDeskOfAnEncoder(t *testing.T) {
	const w, h = 360, 640
	a := start(t, setup{width: w, height: h, manual: true})
	a.setUp()
	a.publish(overRTMP, "studio", "host", looks[0])
	a.publish(overRTSP, "studio", "guest1", looks[1])
	a.publish(overRTMP, "studio", "guest2", looks[2])
	host := startBrowser(t).signsIn(a, "studio", "Ana", "clay, fire and patience")
	host.reads(20*time.Second, "Ana is sending by RTMP")
	host.previews(show.Auto, w, h, looks[:3]...)
	host.ears("the host", looks[1:3]...)
	host.click("Go live")
	a.awaitLive("studio")
	program := watchWHEP(t, a.whep("studio"))
	program.awaitMix(30*time.Second, looks[:3]...)
	program.awaitSound(looks[:3]...)
	for key, l := range map[string]show.Layout{"2": show.TwoUp, "3": show.OnePlusTwo, "5": show.PiP, "6": show.Grid} {
		host.press(key)
		host.previews(l, w, h, looks[:3]...)
		host.press("Enter")
		program.awaitLayout(20*time.Second, l, looks[:3]...)
	}
	host.ears("the host, on air,", looks[1:3]...)
	host.noErrors()
}
