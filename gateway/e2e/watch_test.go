package e2e

import (
	"testing"
	"time"
)

// TestWatchPage: a viewer opens the page, sees the program with hls.js, switches
// to real time, loses it and is told so.
func TestWatchPage(t *testing.T) {
	a := start(t, setup{})
	timed := looks[0]
	timed.clock, timed.w, timed.h = true, 640, 360
	a.publish(overRTMP, "studio", "host", timed)
	a.awaitLive("studio")
	b := startBrowser(t)
	p := b.open(a.url("/s/studio"))

	t.Run("LL-HLS", func(t *testing.T) {
		first := p.playing(15*time.Second, 1)
		figure(t, "page.hls.first_picture", first.First-first.Began, "ms")
		p.playing(20*time.Second, 60) // it settles
		p.fresh()
		s := p.playing(20*time.Second, 200)
		if s.Width != 640 || s.Height != 360 {
			t.Errorf("the picture is %d × %d", s.Width, s.Height)
		}
		if len(s.Waits) > 0 {
			t.Errorf("it stalled %d times", len(s.Waits))
		}
		if median, _ := s.delays(t, "page.hls"); median > 2500 {
			t.Errorf("the picture is %v ms old", median)
		}
	})
	t.Run("real time", func(t *testing.T) {
		evaluate[bool](p, `document.querySelector('button.real-time').click(), true`)
		eventually(t, 10*time.Second, "the switch is on", func() bool {
			return evaluate[string](p, `document.querySelector('button.real-time').getAttribute('aria-checked')`) == "true"
		})
		eventually(t, 10*time.Second, "the element plays a stream", func() bool {
			return evaluate[bool](p, `document.querySelector('video').srcObject instanceof MediaStream && document.querySelector('video').readyState >= 2`)
		})
		p.playing(10*time.Second, 30)
		p.fresh()
		s := p.playing(20*time.Second, 150)
		if median, _ := s.delays(t, "page.whep"); median > 600 {
			t.Errorf("in real time the picture is %v ms old", median)
		}
		if evaluate[bool](p, `document.querySelector('.notice p') !== null`) {
			t.Error("the page says that real time did not get through")
		}
		eventually(t, 5*time.Second, "the viewer is counted", func() bool {
			return a.metric("regie_viewers", label("delivery", "whep")) == 1
		})
	})
	t.Run("back", func(t *testing.T) {
		evaluate[bool](p, `document.querySelector('button.real-time').click(), true`)
		eventually(t, 10*time.Second, "the element plays a file again", func() bool {
			return evaluate[bool](p, `document.querySelector('video').srcObject === null`)
		})
		p.playing(15*time.Second, 60)
		eventually(t, 5*time.Second, "the peer is gone", func() bool {
			return a.metric("regie_viewers", label("delivery", "whep")) == 0
		})
	})
	p.noErrors()
}

// TestFallBack: where UDP and TCP to the media port are lost, real time gives way
// to LL-HLS within a few seconds, and the page says so.
func TestFallBack(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	b := startBrowser(t)
	p := b.open(a.url("/s/studio"))
	p.playing(15*time.Second, 30)
	// The browser must believe in a connection that brings nothing: its own
	// candidates are thrown away and so are the server's.
	evaluate[bool](p, `(() => {
		const set = RTCPeerConnection.prototype.setRemoteDescription;
		RTCPeerConnection.prototype.setRemoteDescription = function (d) {
			return set.call(this, { type: d.type, sdp: d.sdp.replace(/a=candidate:.*\r\n/g, '') });
		};
		document.querySelector('button.real-time').click();
		return true;
	})()`)
	began := time.Now()
	eventually(t, 10*time.Second, "the page says that it fell back", func() bool {
		return evaluate[bool](p, `document.querySelector('.notice p') !== null`)
	})
	figure(t, "page.fall_back", time.Since(began).Seconds(), "s")
	p.playing(10*time.Second, 60)
	if evaluate[string](p, `document.querySelector('button.real-time').getAttribute('aria-checked')`) != "false" {
		t.Error("the switch says that real time is on")
	}
}
