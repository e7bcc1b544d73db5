package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestWHEP: a viewer sees the program in real time, from the first picture to the
// goodbye.
func TestWHEP(t *testing.T) {
	a := start(t, setup{})
	timed := looks[0]
	timed.clock, timed.w, timed.h = true, 640, 360
	a.publish(overRTMP, "studio", "host", timed)
	a.awaitLive("studio")

	p := watchWHEP(t, a.whep("studio"))
	first := p.firstPicture(5 * time.Second)
	figure(t, "whep.first_picture", float64(first.Milliseconds()), "ms")
	if first > 3*time.Second {
		t.Errorf("the first picture came after %v", first)
	}
	p.awaitMix(5*time.Second, looks[0])
	p.hears(looks[0])

	t.Run("delay", func(t *testing.T) {
		since := time.Now()
		p.await(10*time.Second, "five seconds of pictures", func() bool { return time.Since(since) > 5*time.Second })
		d := delays(p.watched(since))
		if len(d) < 60 {
			t.Fatalf("%d pictures with a clock in 5 s", len(d))
		}
		figure(t, "whep.glass_to_glass_p50", float64(percentile(d, 50).Milliseconds()), "ms")
		figure(t, "whep.glass_to_glass_p95", float64(percentile(d, 95).Milliseconds()), "ms")
		if m := percentile(d, 50); m > 500*time.Millisecond {
			t.Errorf("pictures are %v old", m)
		}
	})
	t.Run("latecomers", func(t *testing.T) {
		// Keyframes are made for those who come, but not more than one a second:
		// who comes alone gets one at once, who comes in a crowd shares the next.
		join := func() time.Duration {
			late := watchWHEP(t, a.whep("studio"))
			defer late.close()
			wait := late.firstPicture(5 * time.Second)
			late.awaitMix(3*time.Second, looks[0])
			return wait
		}
		var alone, crowded []time.Duration
		for range 4 {
			at := p.next()
			p.awaitShot(10*time.Second, "1.3 s later", func(s shot) bool { return s.pts > at.pts+1300*time.Millisecond })
			alone = append(alone, join())
			crowded = append(crowded, join())
		}
		slices.Sort(alone)
		slices.Sort(crowded)
		figure(t, "whep.first_picture_alone_p50", float64(percentile(alone, 50).Milliseconds()), "ms")
		figure(t, "whep.first_picture_crowded_p50", float64(percentile(crowded, 50).Milliseconds()), "ms")
		if worst := max(alone[3], crowded[3]); worst > 3*time.Second {
			t.Errorf("a latecomer waited %v for a picture", worst)
		}
	})
	t.Run("ICE restart", func(t *testing.T) {
		p.restart()
		at := p.next()
		p.awaitShot(10*time.Second, "pictures after the restart", func(s shot) bool { return s.pts > at.pts+3*time.Second })
		if state := p.pc.ICEConnectionState(); state != webrtc.ICEConnectionStateConnected && state != webrtc.ICEConnectionStateCompleted {
			t.Errorf("ICE is %v", state)
		}
	})
	t.Run("goodbye", func(t *testing.T) {
		eventually(t, 5*time.Second, "one viewer is counted", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 1 })
		for i, want := range []int{http.StatusOK, http.StatusNotFound} {
			status, body, _ := send(t, http.MethodDelete, p.resource, "", "", nil)
			if status != want && (i > 0 || status != http.StatusNoContent) {
				t.Errorf("DELETE %d answered %d: %s", i+1, status, body)
			}
		}
		eventually(t, 5*time.Second, "no viewer is counted", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 0 })
	})
}

// TestWHEPRefuses: what cannot be served is said in the words of HTTP.
func TestWHEPRefuses(t *testing.T) {
	a := start(t, setup{})
	pc := newPeer(t)
	defer pc.GracefulClose()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	sdp := offer(t, pc, nil).SDP
	status, body, header := send(t, http.MethodPost, a.whep("studio"), "application/sdp", sdp, nil)
	if status != http.StatusNotFound || header.Get("Retry-After") == "" || header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("before the start: %d %v %s", status, header, body)
	}
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	for _, c := range []struct {
		name, method, kind, body string
		want                     int
	}{
		{"no SDP", http.MethodPost, "application/sdp", "hello", http.StatusBadRequest},
		{"an empty body", http.MethodPost, "application/sdp", "", http.StatusBadRequest},
		{"another type", http.MethodPost, "application/json", sdp, http.StatusUnsupportedMediaType},
		{"GET", http.MethodGet, "", "", http.StatusMethodNotAllowed},
	} {
		status, body, _ := send(t, c.method, a.whep("studio"), c.kind, c.body, nil)
		if status != c.want {
			t.Errorf("%s: %d, want %d: %.200s", c.name, status, c.want, body)
		}
	}
}
