package deploy_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestCaches: an audience watches a real session through the real programs.
func TestCaches(t *testing.T) {
	origin := startRegie(t, "")
	origin.onAir(t, http.DefaultClient, "http://"+origin.HTTP)

	t.Run("varnish", func(t *testing.T) {
		address, p := startVarnish(t, origin.HTTP, "")
		watchByWebRTC(t, address)
		const viewers = 200
		// What else the machine does may spoil one round; it does not spoil four.
		for round := 1; ; round++ {
			// How late they are without a cache: so many cannot all be first. And nothing
			// may be stale then, not by a moment.
			base := measure(t, origin, origin.HTTP, origin.cmd.Process.Pid, viewers, 3*time.Second, freshness{})
			t.Log("no cache:", base)
			f := measure(t, origin, address, p.cmd.Process.Pid, viewers, 5*time.Second, freshness{now: 1250 * time.Millisecond, awaited: 2250 * time.Millisecond})
			added := f.late - base.late
			t.Logf("%v; %v more than without", f, added.Round(100*time.Microsecond))
			// A machine on which they are later than that by themselves cannot tell better.
			few, quick := f.atOrigin*100 <= f.requests, added <= max(30*time.Millisecond, base.late)
			if few && quick || t.Failed() {
				return
			}
			if round == 4 {
				t.Fatalf("at most 1 %% of the requests at the origin: %v; at most 30 ms: %v", few, quick)
			}
		}
	})

	// nginx counts lifetimes in whole seconds, so a second may last for two. How
	// late it is is only told.
	t.Run("nginx", func(t *testing.T) {
		address, pid := startNginx(t, origin.HTTP)
		f := measure(t, origin, address, pid, 100, 3*time.Second, freshness{now: 2250 * time.Millisecond, awaited: 3250 * time.Millisecond})
		t.Log(f)
		if f.atOrigin*25 > f.requests {
			t.Error("more than 4 % of the requests came to the origin")
		}
	})
	t.Run("nginx for latency", func(t *testing.T) {
		address, pid := startNginx(t, origin.HTTP, `#"~(`, `"~(`)
		f := measure(t, origin, address, pid, 50, 2*time.Second, freshness{now: 2250 * time.Millisecond, awaited: 250 * time.Millisecond})
		t.Log(f)
	})
}

// watchByWebRTC signals through the cache: an offer is answered, and its viewer
// leaves.
func watchByWebRTC(t *testing.T, cache string) {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := request(t, "POST", cache, "/live/studio/whep", offer.SDP, "Content-Type", "application/sdp")
	if got.status != http.StatusCreated {
		t.Fatalf("WHEP: %d %s", got.status, got.body)
	}
	at, err := url.Parse(got.header.Get("Location"))
	if err != nil || !strings.HasPrefix(at.Path, "/live/studio/whep/") {
		t.Fatalf("WHEP: at %v, %v", at, err)
	}
	if got := request(t, "DELETE", cache, at.Path, ""); got.status != http.StatusOK {
		t.Errorf("DELETE: %d %s", got.status, got.body)
	}
}
