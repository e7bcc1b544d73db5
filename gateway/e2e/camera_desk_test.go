package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// TestCameraAtTheDesk: a camera that is added to a stored session before it is switched
// on comes backstage by itself, where the host sees it; on air the host hears it as
// any guest; and who removes it at the desk has it forgotten.
func TestCameraAtTheDesk(t *testing.T) {
	a := start(t, setup{fps: 15, more: "outside: {allow: [127.0.0.1]}"})
	m, roof := a.setUp(), freeAddress(t)
	host := startBrowser(t).hosts(m, "glaze", looks[0])
	var added show.Camera
	m.ask("sessions/glaze/cameras", show.NewCamera{Name: "Roof", Address: "rtsp://u:hunter2@" + roof + "/main"}, &added)
	if added.Address != "rtsp://"+roof {
		t.Errorf("added %+v", added)
	}
	host.reads(20*time.Second, "Roof")
	startCamera(t, roof, looks[3])
	host.showsPerson("Roof", looks[3])
	host.click("Go live")
	p := a.live("glaze")
	p.awaitMix(30*time.Second, looks[0])
	host.click("Bring on: Roof")
	p.awaitMix(30*time.Second, looks[0], looks[3])
	p.hearsWithin(30*time.Second, looks[0], looks[3])
	host.ears("the host", looks[3])
	host.click("Send back: Roof")
	p.awaitMix(30*time.Second, looks[0])
	host.click("Remove: Roof")
	eventually(t, 10*time.Second, "the page asks first", func() bool {
		return evaluate[bool](host, `document.querySelector('dialog[open]') !== null`)
	})
	host.click("Remove")
	eventually(t, 20*time.Second, "the camera is forgotten", func() bool {
		return strings.TrimSpace(string(m.do("GET", "sessions/glaze/cameras", nil))) == "[]"
	})
	p.playing()
}
