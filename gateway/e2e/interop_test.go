package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// interop is the folder with the clients, after npm ci.
func interop(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("interop")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "whip-whep")); err != nil {
		t.Fatalf("%v; run: npm ci --ignore-scripts --prefix gateway/e2e/interop", err)
	}
	return dir
}

// TestInteropWHIPWHEP: the clients of RFC 9725's author publish, restart ICE,
// watch and leave.
func TestInteropWHIPWHEP(t *testing.T) {
	dir := interop(t)
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	b := startBrowser(t)
	page := b.open(files(t, dir) + "/whip-whep.html")
	eventually(t, 10*time.Second, "the page is ready", func() bool { return evaluate[bool](page, "window.ready === true") })

	evaluate[bool](page, fmt.Sprintf("publish(%q, %q, '#%s', %v)", a.url("/whip"), key("studio", "guest1"), looks[1].color.rgb()[2:], looks[1].tone))
	p.awaitMix(15*time.Second, looks[:2]...)
	p.hears(looks[:2]...)
	evaluate[bool](page, "whip.restart().then(() => true)")
	at := p.next()
	p.awaitShot(10*time.Second, "three seconds after the ICE restart", func(s shot) bool { return s.pts > at.pts+3*time.Second })
	p.awaitMix(time.Second, looks[:2]...)

	evaluate[bool](page, fmt.Sprintf("view(%q)", a.whep("studio")))
	page.playing(10*time.Second, 60)
	eventually(t, 5*time.Second, "the viewer is counted", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 1 })
	evaluate[bool](page, "whep.stop().then(() => true)")
	eventually(t, 5*time.Second, "the viewer is gone", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 0 })
	evaluate[bool](page, "whip.stop().then(() => true)")
	eventually(t, 5*time.Second, "the publisher is gone", func() bool {
		return a.metric("regie_ingest_connections", label("protocol", "whip")) == 0
	})
	// Its WHEP client PATCHes without If-Match and is answered 428: the console
	// says so, and everything above went well nevertheless.
	p.playing()
}

// TestInteropFFmpeg: FFmpeg 8.1's WHIP muxer publishes, and leaves by DELETE.
func TestInteropFFmpeg(t *testing.T) {
	dir := interop(t)
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	file := filepath.Join(t.TempDir(), "clip.mkv")
	args := slices.Concat([]string{"-hide_banner", "-nostdin", "-loglevel", "error"}, offline(synthetic(looks[1], "320x180")),
		[]string{"-t", "60", "-vf", matrix, "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "30", "-bf", "0"}, tagged,
		[]string{"-c:a", "libopus", "-b:a", "96k", file})
	if out, err := output(t, 60*time.Second, "ffmpeg", args...); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	began := time.Now()
	cmd := exec.Command("node", filepath.Join(dir, "whip-ffmpeg.mjs"), file, a.url("/whip"), key("studio", "guest1"))
	cmd.Dir = dir
	theirs := launch(t, cmd)
	p.awaitMix(20*time.Second, looks[:2]...)
	figure(t, "interop.ffmpeg_whip_to_program", time.Since(began).Seconds(), "s")
	p.hears(looks[:2]...)
	_ = theirs.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-theirs.done:
		if theirs.err != nil {
			t.Errorf("it ended with %v", theirs.err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it did not end")
	}
	eventually(t, 5*time.Second, "the publisher is gone", func() bool {
		return a.metric("regie_ingest_connections", label("protocol", "whip")) == 0
	})
	p.playing()
}
