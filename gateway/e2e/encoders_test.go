package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// seat is what the page beside an encoder says of one.
func (p *tab) seat(name string) string {
	return glance[string](p, fmt.Sprintf(`[...document.querySelectorAll('li.seat')].find((s) => s.querySelector('h3').innerText === %q)?.innerText ?? ''`, name))
}

// says waits until all of these are said of a seat.
func (p *tab) says(name string, all ...string) {
	p.t.Helper()
	for _, words := range all {
		if !p.awaits(60*time.Second, func() bool { return strings.Contains(p.seat(name), words) }) {
			p.t.Errorf("of %s the page never says %q; it says:\n%s", name, words, p.seat(name))
		}
	}
}

// TestEncoderPage: the page beside an encoder says what is wrong with what real ones
// send, the worst first, and who was refused.
func TestEncoderPage(t *testing.T) {
	a := start(t, setup{width: 320, height: 180})
	m := a.setUp()
	link := m.invite("glaze", "host", "Ana")
	keys := map[string]string{}
	for _, name := range []string{"Ana", "Théo", "Mei", "Lou"} {
		seat := "guest"
		if name == "Ana" {
			seat = "host"
		}
		keys[name] = m.key("glaze", seat, name)
	}
	page := startBrowser(t).open(link)
	page.fill("name", "Ana")
	page.click("Join")
	page.reads(20*time.Second, "Go live")
	evaluate[bool](page, `(location.href = '/studio/glaze/obs', true)`)
	for name := range keys {
		page.says(name, "Waiting")
	}

	rtmp := func(name string) []string {
		return []string{"-f", "flv", "rtmp://" + a.ports.RTMP + "/live/" + keys[name]}
	}
	x264 := func(args ...string) []string {
		return list([]string{"-c:v", "libx264", "-preset", "ultrafast", "-b:v", "800k"}, args)
	}
	sound := []string{"-c:a", "aac", "-b:a", "160k"}
	quiet := looks[2]
	quiet.tone = 0
	ffmpeg(t, list(synthetic(looks[0], "320x180"), x264("-g", "250", "-keyint_min", "250", "-sc_threshold", "0"), sound, rtmp("Ana"))...)
	ffmpeg(t, list(synthetic(looks[1], "320x180"), x264("-g", "60", "-bf", "3", "-b_strategy", "0"), sound, rtmp("Théo"))...)
	ffmpeg(t, list(synthetic(quiet, "320x180"), x264("-g", "60", "-bf", "0"), rtmp("Mei"))...)
	// Three of four frames are thrown away for a second, then none.
	ffmpeg(t, list(synthetic(looks[3], "320x180"), []string{"-vf", `select=lt(mod(t\,2)\,1)+not(mod(n\,4))`, "-fps_mode", "vfr"}, x264("-g", "60", "-bf", "0"), sound, rtmp("Lou"))...)
	page.says("Théo", "Connected, checking")
	page.reads(20*time.Second, "last used")
	page.says("Mei", "Fix this", "No sound comes")
	page.says("Lou", "Fix this", "The frame rate varies")
	page.says("Théo", "Good", "B-frames")
	page.says("Ana", "Fix this", "A keyframe comes every 8")

	refusedFFmpeg(t, list(synthetic(looks[0], "320x180"), []string{"-t", "20"}, x264(), sound, rtmp("Ana"))...)
	refusedFFmpeg(t, list(synthetic(looks[0], "320x180"), []string{"-t", "20"}, x264(), sound, []string{"-f", "flv", "rtmp://" + a.ports.RTMP + "/live/nobodys-key"})...)
	page.reads(20*time.Second, "Another encoder sends")
	page.reads(20*time.Second, "A key that opens no seat")
	page.noErrors()
}
