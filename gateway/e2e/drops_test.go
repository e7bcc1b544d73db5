package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// obs is ffmpeg as OBS sends with its own settings: High profile, two B-frames, a
// keyframe every two seconds, AAC. Only the picture is smaller.
func (a *appliance) obs(key string, l look) *program {
	a.t.Helper()
	return ffmpeg(a.t, list(synthetic(l, "320x180"), []string{
		"-vf", matrix, "-c:v", "libx264", "-preset", "superfast", "-profile:v", "high", "-bf", "2", "-b_strategy", "0", "-g", "60",
		"-b:v", "1500k", "-maxrate", "1500k", "-bufsize", "3000k",
	}, tagged, []string{"-c:a", "aac", "-b:a", "160k", "-f", "flv", "rtmp://" + a.ports.RTMP + "/live/" + key})...)
}

// key makes a stream key of a stored session.
func (m *admin) key(session, seat, name string) string {
	m.a.t.Helper()
	var made struct{ Key string }
	m.ask("sessions/"+session+"/keys", map[string]any{"seat": seat, "name": name}, &made)
	return made.Key
}

// showsPerson waits until the picture of a person, in their tile, is this look.
func (p *tab) showsPerson(name string, l look) {
	p.t.Helper()
	var saw [][3]int
	if !p.awaits(30*time.Second, func() bool {
		saw = glance[[][3]int](p, fmt.Sprintf(`(() => {
			document.querySelectorAll('.looked-at').forEach((e) => e.classList.remove('looked-at'));
			const tile = [...document.querySelectorAll('.stage-tile')].find((t) => t.querySelector('.stage-name').innerText.trim() === %q);
			tile?.querySelector('video')?.classList.add('looked-at');
			return colors('.looked-at', [[0.5, 0.5], [0.2, 0.5], [0.8, 0.5]]);
		})()`, name))
		return len(saw) == 3 && !slices.ContainsFunc(saw, func(rgb [3]int) bool { return !l.color.seenAs(rgb) })
	}) {
		p.t.Fatalf("the page shows %v for %s, and should show %v", saw, name, l)
	}
}

// awaitSlate waits for a program in which no look is to be seen, but something is.
func (s *screen) awaitSlate(within time.Duration, gone look) {
	s.t.Helper()
	s.awaitShot(within, "a slate", func(s shot) bool {
		_, still := places(1, s.pic.W, s.pic.H)[0].shows(s.pic, gone.color)
		dark := mean(s.pic, 4, 4, s.pic.W-8, s.pic.H/8)
		text := mean(s.pic, s.pic.W/4, s.pic.H/3, s.pic.W/2, s.pic.H/3)
		return !still && dark[0] < 60 && text[0] > dark[0]
	})
}

// awaitCard waits until a cell of n shows a name card in place of a picture, and the
// others what they ought to.
func (s *screen) awaitCard(within time.Duration, card int, mix ...look) {
	s.t.Helper()
	s.awaitShot(within, fmt.Sprintf("a name card in cell %d", card), func(s shot) bool {
		for i, at := range places(len(mix), s.pic.W, s.pic.H) {
			_, ok := at.shows(s.pic, mix[i].color)
			c := at.picture
			if i == card && mean(s.pic, c.X+4, c.Y+4, c.W-8, c.H-8)[0] > 60 || i != card && !ok {
				return false
			}
		}
		return true
	})
}

// TestStageThroughDrops: a host and a guest in browsers whose networks go away, a guest
// on OBS and one on an RTSP encoder, all of a stored session. Everybody hears and sees
// everybody; whoever drops out is told so by their page, stands in the program as a
// slate or a name card, and is back without a click; viewers never reload.
func TestStageThroughDrops(t *testing.T) {
	a := start(t, setup{fps: 15})
	m := a.setUp()
	b := startBrowser(t)
	home, away := a.network(), a.network()
	host := b.on(home).hosts(m, "glaze", looks[0])
	host.click("Go live")
	p := a.live("glaze")
	p.awaitMix(30*time.Second, looks[0])

	cut := time.Now()
	home.cut()
	p.awaitSlate(40*time.Second, looks[0])
	figure(t, "drop.slate_after", time.Since(cut).Seconds(), "s")
	host.reads(40*time.Second, "Trying again in")
	figure(t, "drop.told_after", time.Since(cut).Seconds(), "s")
	home.mend()
	mended := time.Now()
	p.awaitMix(60*time.Second, looks[0])
	figure(t, "drop.host_back_after", time.Since(mended).Seconds(), "s")
	p.hearsWithin(30*time.Second, looks[0])

	théo := b.on(away).joins(m, "glaze", "Théo", looks[1])
	meiKey := m.key("glaze", "guest", "Mei")
	mei := a.obs(meiKey, looks[2])
	a.publishCard(overRTSPUDP, m.key("glaze", "guest", "Lou"), newCard(t, looks[3]))
	for _, name := range []string{"Théo", "Mei", "Lou"} {
		host.click("Let in: " + name)
		host.click("Bring on: " + name)
	}
	host.ears("the host", looks[1:]...)
	théo.ears("Théo", looks[0], looks[2], looks[3])
	for name, l := range map[string]look{"Théo": looks[1], "Mei": looks[2], "Lou": looks[3]} {
		host.showsPerson(name, l)
	}
	for name, l := range map[string]look{"Ana": looks[0], "Mei": looks[2], "Lou": looks[3]} {
		théo.showsPerson(name, l)
	}
	p.awaitMix(30*time.Second, looks...)
	p.hearsWithin(30*time.Second, looks...)
	théo.sees(".program video", looks...)

	away.cut()
	théo.reads(40*time.Second, "Trying again in")
	théo.reads(10*time.Second, "Viewers neither see nor hear you")
	host.ears("the host, with Théo gone,", looks[2:]...)
	p.awaitCard(20*time.Second, 1, looks...)
	away.mend()
	mended = time.Now()
	host.ears("the host, with Théo back,", looks[1:]...)
	théo.ears("Théo, who is back,", looks[0], looks[2], looks[3])
	figure(t, "drop.guest_back_after", time.Since(mended).Seconds(), "s")
	p.awaitMix(30*time.Second, looks...)

	mei.end()
	host.ears("the host, with Mei gone,", looks[1], looks[3])
	p.awaitCard(20*time.Second, 2, looks...)
	a.obs(meiKey, looks[2])
	host.ears("the host, with Mei back,", looks[1:]...)
	p.awaitMix(30*time.Second, looks...)

	// The host goes on by OBS, and has the page as a return monitor.
	host.click("Stop camera")
	hostKey := m.key("glaze", "host", "Ana")
	encoder := a.obs(hostKey, looks[0])
	théo.ears("Théo, with the host on OBS,", looks[0], looks[2], looks[3])
	théo.showsPerson("Ana", looks[0])
	host.ears("the host beside OBS", looks[1:]...)
	p.awaitMix(30*time.Second, looks...)
	encoder.end()
	p.awaitCard(20*time.Second, 0, looks...)
	a.obs(hostKey, looks[0])
	p.awaitMix(30*time.Second, looks...)
	théo.ears("Théo, with the host on OBS again,", looks[0], looks[2], looks[3])

	host.click("Remove: Théo")
	eventually(t, 5*time.Second, "the page asks first", func() bool {
		return evaluate[bool](host, `document.querySelector('dialog[open]') !== null`)
	})
	host.click("Remove")
	began := time.Now()
	théo.reads(10*time.Second, "You are no longer on this stage")
	figure(t, "kick.told_after", time.Since(began).Seconds(), "s")
	host.ears("the host, without Théo,", looks[2], looks[3])
	p.awaitMix(30*time.Second, looks[0], looks[2], looks[3])
	p.playing()
}

// TestHostStaysAway: past the grace time a session whose host is gone stays on air with
// a slate, and the host is back in the same program whenever they come.
func TestHostStaysAway(t *testing.T) {
	const grace = 4 * time.Second
	a := start(t, setup{fps: 15, grace: grace})
	m := a.setUp()
	m.ask("sessions", map[string]any{"id": "kiln", "title": "Kiln", "host_name": "Ana", "autostart": true}, &struct{}{})
	key := m.key("kiln", "host", "Ana")
	host := a.obs(key, looks[0])
	p := a.live("kiln")
	p.awaitMix(20*time.Second, looks[0])
	host.end()
	gone := time.Now()
	p.awaitSlate(20*time.Second, looks[0])
	figure(t, "drop.rtmp_slate_after", time.Since(gone).Seconds(), "s")
	eventually(t, grace+20*time.Second, "the grace time is over", func() bool { return time.Since(gone) > grace+3*time.Second })
	p.awaitSlate(10*time.Second, looks[0])
	p.playing()
	again := time.Now()
	a.obs(key, looks[0])
	p.awaitMix(20*time.Second, looks[0])
	figure(t, "drop.rtmp_back_after", time.Since(again).Seconds(), "s")
	p.hearsWithin(30*time.Second, looks[0])
	p.playing()
}
