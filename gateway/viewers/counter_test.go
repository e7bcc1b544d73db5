package viewers

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

const (
	anna = "198.51.100.7:5000"
	bo   = "203.0.113.9:5000"
)

func TestPagesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		for n := range 3 {
			s.accept(anna, beaconOf(n, ""))
		}
		s.accept(anna, beaconOf(1, "")) // again: still one
		s.counts(3)

		time.Sleep(20 * time.Second)
		s.accept(bo, beaconOf(1, "")) // on another network: still one
		s.counts(3)
		time.Sleep(10 * time.Second)
		s.counts(1) // the two that are silent for 30 s are gone
		s.accept(bo, `{"sid":"page-000001","cid":"studio","e":"end","com.regie-delivery":"llhls"}`)
		s.counts(0)
		if a := s.addresses[clientOf(&http.Request{RemoteAddr: bo})]; a.pages != 0 {
			t.Errorf("%d pages are held for an address that has none", a.pages)
		}
	})
}

// A page that leaves LL-HLS for WebRTC is counted there, by its peer.
func TestDeliveryChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		s.accept(anna, beaconOf(1, ""))
		s.accept(anna, `{"sid":"page-000001","cid":"studio","e":"t","com.regie-delivery":"whep"}`)
		s.counts(0)
		s.peers = 1
		s.counts(1)
		s.exposes(`# HELP regie_viewers Viewers watching now by session and delivery: WebRTC peers, and LL-HLS pages by their beacons or players by their reloads.
# TYPE regie_viewers gauge
regie_viewers{delivery="llhls",session="studio"} 0
regie_viewers{delivery="whep",session="studio"} 1
`, "regie_viewers")
		s.offAir = true
		s.counts(0)
		s.exposes("", "regie_viewers")
	})
}

// Seven players without our page and three pages: seven, whoever of them asks
// us or a cache.
func TestPlayersWithoutThePageAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		for n := range 3 {
			s.accept(anna, beaconOf(n, ""))
		}
		time.Sleep(time.Until(time.Now().Truncate(reloadWindow).Add(reloadWindow)))
		for range 12 * 7 { // 3 a second for 4 s, each of seven
			s.studio.Reload()
			time.Sleep(reloadWindow / (12 * 7))
		}
		time.Sleep(100 * time.Millisecond)
		s.counts(7)
		time.Sleep(2 * reloadWindow)
		s.counts(3)
	})
}

func TestMetricsOfAPlayback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		s.accept(anna, `{"sid":"page-000001","cid":"studio","e":"ps","sta":"p","msd":800,"com.regie-delivery":"llhls","com.regie-rendition":"720p","com.regie-watched":200}`)
		time.Sleep(10 * time.Second)
		s.accept(anna, beaconOf(1, `,"msd":9000,"ltc":1300,"bs":true,"bsd":500,"bl":900,"br":2500,"mtp":8000,"com.regie-rendition":"720p","com.regie-watched":9500,"com.regie-bytes":3000000,"nor":"x"`))
		time.Sleep(10 * time.Second)
		s.accept(anna, `{"sid":"page-000001","cid":"studio","e":"e","ec":["network"],"com.regie-delivery":"llhls","com.regie-rendition":"<b>","com.regie-watched":1000}`)
		s.exposes(`# HELP regie_player_watched_seconds_total Seconds of playback by rendition, reported by players.
# TYPE regie_player_watched_seconds_total counter
regie_player_watched_seconds_total{delivery="llhls",rendition="720p"} 9.7
regie_player_watched_seconds_total{delivery="llhls",rendition="other"} 1
# HELP regie_player_errors_total Fatal playback errors, reported by players.
# TYPE regie_player_errors_total counter
regie_player_errors_total{delivery="llhls",kind="decode"} 0
regie_player_errors_total{delivery="llhls",kind="network"} 1
regie_player_errors_total{delivery="llhls",kind="other"} 0
regie_player_errors_total{delivery="llhls",kind="refused"} 0
regie_player_errors_total{delivery="whep",kind="decode"} 0
regie_player_errors_total{delivery="whep",kind="network"} 0
regie_player_errors_total{delivery="whep",kind="other"} 0
regie_player_errors_total{delivery="whep",kind="refused"} 0
# HELP regie_player_stalled_seconds_total Seconds spent rebuffering, reported by players.
# TYPE regie_player_stalled_seconds_total counter
regie_player_stalled_seconds_total{delivery="llhls"} 0.5
regie_player_stalled_seconds_total{delivery="whep"} 0
# HELP regie_player_received_bytes_total Media bytes received, reported by players.
# TYPE regie_player_received_bytes_total counter
regie_player_received_bytes_total{delivery="llhls"} 3e+06
regie_player_received_bytes_total{delivery="whep"} 0
`, "regie_player_watched_seconds_total", "regie_player_errors_total", "regie_player_stalled_seconds_total", "regie_player_received_bytes_total")
		for name, want := range map[string]string{
			"regie_player_startup_seconds": `{delivery="llhls"} 1 sample, 0.8 s`,
			"regie_player_latency_seconds": `{delivery="llhls"} 1 sample, 1.3 s`,
		} {
			if got := histogramOf(t, s, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		if problems, err := testutil.GatherAndLint(s.reg); err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
	})
}

func histogramOf(t *testing.T, s *stand, name string) string {
	t.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return fmt.Sprintf(`{%s=%q} %d sample, %.1f s`, m.GetLabel()[0].GetName(), m.GetLabel()[0].GetValue(), m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum())
		}
	}
	return "no such family"
}

// However often and however much a page claims, it has watched for as long as it
// is known, and a moment.
func TestNobodyWatchesFasterThanTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		for range 60 {
			s.accept(anna, beaconOf(1, `,"com.regie-rendition":"720p","com.regie-watched":1e300,"bsd":1e300,"com.regie-bytes":1e300`))
			time.Sleep(time.Second)
		}
		total := testutil.ToFloat64(s.metrics.watched.WithLabelValues("llhls", "720p")) + testutil.ToFloat64(s.metrics.by[llhls].stalled)
		if total > 59+slack.Seconds() {
			t.Errorf("%v s in one minute", total)
		}
		if bytes := testutil.ToFloat64(s.metrics.by[llhls].bytes); bytes != 60*maxBytes {
			t.Errorf("%v bytes, want each beacon cut to %d", bytes, maxBytes)
		}
	})
}

func TestOneAddressCannotFillTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		refused := 0
		for n := range 2 * pagesPerAddress {
			if w := s.send(anna, beaconOf(n, "")); w.Code == http.StatusTooManyRequests {
				refused++
			}
			time.Sleep(time.Second / perAddressPerSecond)
		}
		s.counts(pagesPerAddress)
		if refused != pagesPerAddress {
			t.Errorf("%d were refused, want %d", refused, pagesPerAddress)
		}
		s.accept(bo, beaconOf(9_999_999, "")) // others are let in
		s.counts(pagesPerAddress + 1)
		time.Sleep(silence + time.Second)
		s.accept(anna, beaconOf(1, "")) // and there is room again when pages are gone
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		s.maxPages, s.maxAddresses = 200, 300
		from := func(n int) string { return fmt.Sprintf("198.18.%d.%d:1", n>>8, n&255) }
		accepted := 0
		for n := range 250 {
			if s.send(from(n), beaconOf(n, "")).Code == http.StatusNoContent {
				accepted++
			}
		}
		if accepted != 200 || len(s.studio.pages) != 200 || s.studio.bySight.Len() != 200 {
			t.Errorf("%d accepted, %d held, want 200", accepted, len(s.studio.pages))
		}
		for n := range 1000 { // from everywhere, to nowhere
			s.send(from(n), `{}`)
		}
		if len(s.addresses) != 300 {
			t.Errorf("%d addresses are held, want 300", len(s.addresses))
		}
		time.Sleep(silence + time.Second)
		s.accept(from(5000), beaconOf(1, "")) // what is over makes room
		s.counts(1)
		if len(s.addresses) != 1 || len(s.studio.pages) != 1 {
			t.Errorf("%d addresses and %d pages are held, want 1 and 1", len(s.addresses), len(s.studio.pages))
		}
	})
}
