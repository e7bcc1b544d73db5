package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// TestMix is the appliance's main job: a host and three guests over three
// protocols are seen and heard in the program, each in its own place and nothing
// else, and nobody notices more of a guest's trouble than the guest's own cell.
func TestMix(t *testing.T) {
	a := start(t, setup{width: 1280, height: 720, grace: 7 * time.Second})
	host := a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	p.awaitMix(10*time.Second, looks[0])
	p.hears(looks[0])

	first := a.publish(overRTSP, "studio", "guest1", looks[1])
	p.awaitMix(10*time.Second, looks[:2]...)
	second := a.publish(overRTSPUDP, "studio", "guest2", looks[2])
	p.awaitMix(10*time.Second, looks[:3]...)
	whip := looks[3]
	whip.audio = media.Opus
	third := a.publish(overWHIP, "studio", "guest3", whip)
	p.awaitMix(10*time.Second, looks...)
	p.hears(looks...)

	t.Run("a guest stops and comes back", func(t *testing.T) {
		since := time.Now()
		second.stop()
		held, carded := watchCell(t, p, 2, 4*time.Second)
		figure(t, "mix.last_picture_held", held.Seconds(), "s")
		if held < 500*time.Millisecond || !carded {
			t.Errorf("the last picture stood for %v, then a name card: %v", held, carded)
		}
		p.hears(looks[0], looks[1], looks[3])
		second = a.publish(overRTSPUDP, "studio", "guest2", looks[2])
		p.awaitMix(5*time.Second, looks...)
		p.hears(looks...)
		undisturbed(t, p, since)
	})
	t.Run("a guest leaves for good", func(t *testing.T) {
		since := time.Now()
		second.stop()
		p.awaitMix(12*time.Second, looks[0], looks[1], looks[3])
		p.hears(looks[0], looks[1], looks[3])
		undisturbed(t, p, since)
	})
	for _, who := range []*publisher{host, first, third} {
		who.alive(t, "a publisher who should not have noticed")
	}
	p.playing()
}

// watchCell looks at every picture for a while: all cells but one must stay as
// they are. It returns how long the one kept its last picture, and whether
// something dark and still, the name card, followed.
func watchCell(t *testing.T, p *player, gone int, d time.Duration) (held time.Duration, carded bool) {
	t.Helper()
	began := time.Now()
	for wrong := 0; time.Since(began) < d && wrong < 3; {
		s := p.next()
		for i, at := range places(4, s.pic.W, s.pic.H) {
			why, ok := at.shows(s.pic, looks[i].color)
			switch {
			case i != gone && !ok:
				t.Errorf("cell %d changed when cell %d went, at %v: %s", i, gone, s.pts, why)
				wrong++
			case i == gone && ok:
				held = time.Since(began)
				carded = false
			case i == gone:
				c := at.picture
				carded = mean(s.pic, c.X+4, c.Y+4, c.W-8, c.H-8)[0] < 60
			}
		}
	}
	return held, carded
}

// undisturbed fails if the program had a hole since a moment: a picture that
// stood for a quarter of a second, or sound that was cut.
func undisturbed(t *testing.T, p *player, since time.Time) {
	t.Helper()
	gap, _ := p.gaps(since)
	figure(t, "mix.longest_picture", float64(gap.Milliseconds()), "ms")
	if gap > 250*time.Millisecond {
		t.Errorf("the program stood still for %v", gap)
	}
	for _, e := range p.complaints() {
		t.Error(e)
	}
}

// TestPortrait mixes upright, from codecs that the other test does not use.
func TestPortrait(t *testing.T) {
	a := start(t, setup{width: 720, height: 1280})
	kinds := []struct {
		by           way
		video, audio media.Codec
	}{
		{overRTMPS, media.H265, media.Opus},
		{overRTSPS, media.H264, media.Opus},
		{overWHIP, media.VP8, media.Opus},
		{overRTMP, media.AV1, media.AAC},
	}
	for i, k := range kinds {
		l := looks[i]
		l.video, l.audio = k.video, k.audio
		a.publish(k.by, "studio", seats[i], l)
	}
	p := a.live("studio")
	s := p.awaitMix(15*time.Second, looks...)
	if s.pic.W != 720 || s.pic.H != 1280 {
		t.Errorf("the program is %d × %d", s.pic.W, s.pic.H)
	}
	p.hears(looks...)
	p.playing()
}

// TestHalfAFeedIsWelcome: without a picture a name card stands for it, without
// sound there is silence.
func TestHalfAFeedIsWelcome(t *testing.T) {
	a := start(t, setup{})
	mute, blind := looks[0], looks[1]
	mute.audio, mute.tone = none, 0
	blind.video = none
	a.publish(overRTMP, "studio", "host", mute)
	p := a.live("studio")
	p.awaitMix(10*time.Second, mute)
	p.hears()
	for _, by := range []way{overRTMP, overRTSP, overWHIP} {
		l := blind
		if by == overWHIP {
			l.audio = media.Opus
		}
		guest := a.publish(by, "studio", "guest1", l)
		p.awaitShot(10*time.Second, fmt.Sprintf("the host beside the name card of a guest who sends only sound over %s", by), func(s shot) bool {
			at := places(2, s.pic.W, s.pic.H)
			_, host := at[0].shows(s.pic, mute.color)
			c := at[1].picture
			return host && mean(s.pic, c.X+8, c.Y+8, c.W-16, c.H-16)[0] < 60
		})
		p.hears(l)
		guest.alive(t, "the guest over "+string(by))
		guest.stop()
		eventually(t, 5*time.Second, "the seat is free", func() bool {
			return a.metric("regie_ingest_connections", label("role", "guest")) == 0
		})
	}
	p.playing()
}

// TestPublishersOutOfPace: clocks that run fast or slow, and one that jumps, are
// set right: nobody's picture becomes old, nobody leaves the mix, and a host who
// keeps time notices nothing.
func TestPublishersOutOfPace(t *testing.T) {
	a := start(t, setup{})
	fast, slow, jumping := looks[1], looks[2], looks[3]
	fast.speed, slow.speed, jumping.jump = 1.03, 0.97, time.Hour
	mix := []look{looks[0], fast, slow, jumping}
	ways := []way{overRTMP, overRTMP, overRTSP, overRTMP}
	for i := range mix {
		mix[i].clock = true
		a.publish(ways[i], "studio", seats[i], mix[i])
	}
	p := a.live("studio")
	p.awaitMix(15*time.Second, mix...)
	since := time.Now()
	p.await(30*time.Second, "what nobody could bridge with a buffer", func() bool { return p.newest.pts > 20*time.Second })
	s := p.awaitMix(time.Second, mix...)
	for i, at := range places(4, s.pic.W, s.pic.H) {
		clock := readClock(s.pic.Sub(at.cell.X, at.cell.Y, at.cell.W, at.cell.H), s.at)
		if clock.IsZero() {
			t.Errorf("cell %d does not tell the time", i)
			continue
		}
		age := s.at.Sub(clock)
		figure(t, "pace."+seats[i]+"_age", float64(age.Milliseconds()), "ms")
		if age > time.Second+500*time.Millisecond || age < 0 {
			t.Errorf("the picture in cell %d is %v old", i, age)
		}
	}
	mono := p.listen(2 * time.Second)
	mean, least := steadiness(mono, looks[0].tone)
	if least < level*0.4 {
		t.Errorf("the host's tone was disturbed: %.4f on average, once %.4f", mean, least)
	}
	for i, l := range mix[1:] {
		if mean, _ := steadiness(mono, l.tone); mean < level/3 {
			t.Errorf("guest%d is hardly heard: %.4f", i+1, mean)
		}
	}
	undisturbed(t, p, since)
	p.playing()
}

// TestForeignEncoders is what ffmpeg sends in place of our own cards: B-frames,
// other codecs, narrow-band sound, and a picture whose size changes on the way.
func TestForeignEncoders(t *testing.T) {
	a := start(t, setup{})
	to := func(seat string) string { return "rtsp://" + a.ports.RTSP + "/live/" + key("studio", seat) }
	x264 := list([]string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "30"}, tagged)
	changing := sizeChange(t, looks[3], "320x180", "480x270", "180x320")
	ffmpeg(t, list(synthetic(looks[0], "320x180"), []string{"-vf", matrix}, x264, []string{"-bf", "3", "-b_strategy", "0",
		"-c:a", "aac", "-f", "flv", "rtmp://" + a.ports.RTMP + "/live/" + key("studio", "host")})...)
	ffmpeg(t, list(synthetic(looks[1], "320x180"), []string{"-vf", matrix, "-c:v", "libx265", "-preset", "ultrafast",
		"-x265-params", "log-level=none:keyint=30:bframes=2"}, tagged, []string{"-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1",
		"-f", "rtsp", "-rtsp_transport", "tcp", to("guest1")})...)
	ffmpeg(t, list(synthetic(looks[2], "320x180"), []string{"-vf", matrix, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "30", "-b:v", "500k"},
		tagged, []string{"-c:a", "libopus", "-f", "rtsp", "-rtsp_transport", "udp", to("guest2")})...)
	ffmpeg(t, "-re", "-i", "concat:"+changing, "-c:v", "copy", "-c:a", "aac", "-f", "rtsp", "-rtsp_transport", "tcp", to("guest3"))

	p := a.live("studio")
	p.awaitMix(20*time.Second, looks...)
	p.hears(looks...)

	t.Run("the size changes", func(*testing.T) {
		at := places(4, 640, 360)[3]
		upright := at // the last part is 9:16, so it gets bars at both sides
		upright.picture.W = upright.picture.H * 9 / 16
		upright.picture.X = at.cell.X + (at.cell.W-upright.picture.W)/2
		p.awaitShot(20*time.Second, "the part of the stream that stands upright", func(s shot) bool {
			_, ok := upright.shows(s.pic, looks[3].color)
			bar := mean(s.pic, at.cell.X+2, at.cell.Y+20, 80, at.cell.H/2)
			return ok && bar[0] < 40
		})
	})
	// Three of four must not have noticed.
	s := p.next()
	for i, at := range places(4, s.pic.W, s.pic.H)[:3] {
		if why, ok := at.shows(s.pic, looks[i].color); !ok {
			t.Errorf("cell %d: %s", i, why)
		}
	}
	p.playing()
}

// sizeChange makes an MPEG-TS of 5 s for each size that follow one another
// without a gap, and returns their names joined for ffmpeg's concat protocol.
func sizeChange(t *testing.T, l look, sizes ...string) (joined string) {
	t.Helper()
	dir := t.TempDir()
	for i, size := range sizes {
		name := fmt.Sprintf("%s/%d.ts", dir, i)
		args := slices.Concat([]string{"-hide_banner", "-nostdin", "-loglevel", "error"}, offline(synthetic(l, size)),
			[]string{"-t", "5", "-vf", matrix, "-c:v", "libx264", "-preset", "ultrafast", "-g", "30"}, tagged,
			[]string{"-c:a", "aac", "-output_ts_offset", fmt.Sprint(5 * i), "-f", "mpegts", name})
		if out, err := output(t, 30*time.Second, "ffmpeg", args...); err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
		if i > 0 {
			joined += "|"
		}
		joined += name
	}
	return joined
}

// offline takes the real-time pace from ffmpeg's input arguments.
func offline(args []string) (out []string) {
	for _, a := range args {
		if a != "-re" {
			out = append(out, a)
		}
	}
	return out
}
