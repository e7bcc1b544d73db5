package e2e

import (
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// TestStop: asked to stop, the appliance says goodbye to everybody within five
// seconds, however many are connected, and starts again as if nothing had been.
func TestStop(t *testing.T) {
	a := start(t, setup{})
	for _, probe := range []string{"/healthz", "/readyz"} {
		if status, body, _ := fetch(t, http.MethodGet, a.url(probe), nil); status != http.StatusOK {
			t.Errorf("%s: %d %s", probe, status, body)
		}
	}
	l := looks[2]
	l.audio = media.Opus
	publishers := []*publisher{
		a.publish(overRTMP, "studio", "host", looks[0]),
		a.publish(overRTSP, "studio", "guest1", looks[1]),
		a.publish(overWHIP, "studio", "guest2", l),
		a.publish(overRTSPUDP, "studio", "guest3", looks[3]),
	}
	p := a.live("studio")
	p.awaitMix(15*time.Second, looks...)
	viewer := watchWHEP(t, a.whep("studio"))
	viewer.awaitMix(10*time.Second, looks...)
	idle, err := net.Dial("tcp", a.ports.HTTP) // and somebody who only came in
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	worker := a.workers()[0]

	took := a.terminate(syscall.SIGTERM)
	figure(t, "stop.took", float64(took.Milliseconds()), "ms")
	if took > 5*time.Second || a.exitErr != nil {
		t.Errorf("regie stopped after %v with %v, want exit status 0 within 5 s", took, a.exitErr)
	}
	if syscall.Kill(worker, 0) == nil {
		t.Error("the worker has outlived the gateway")
	}
	for i, who := range publishers {
		select {
		case <-who.done:
			if who.err == nil {
				t.Errorf("the publisher %s does not know that it was cut off", seats[i])
			}
		case <-time.After(10 * time.Second):
			t.Errorf("the publisher %s still believes that it is on air", seats[i])
		}
	}
	select {
	case <-p.done:
		if lists := p.playlists(); p.err == nil && !lists[len(lists)-1].list.Endlist {
			t.Error("the player ended without being told why")
		}
	case <-time.After(5 * time.Second):
		t.Error("the player still waits")
	}

	t.Run("again", func(t *testing.T) {
		a.run()
		a.publish(overRTMP, "studio", "host", looks[1])
		again := a.live("studio")
		again.awaitMix(15*time.Second, looks[1])
		again.playing()
	})
}

// TestSecondSignalEndsAtOnce: an operator who does not want to wait need not.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	worker := a.workers()[0]
	_ = a.cmd.Process.Signal(syscall.SIGINT)
	took := a.terminate(syscall.SIGINT)
	if took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, 3*time.Second, "the worker is gone", func() bool { return syscall.Kill(worker, 0) != nil })
}
