package main

import (
	"testing"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway"
)

func TestNear(t *testing.T) {
	for in, want := range map[string]string{
		"[::]:8080":        "localhost:8080",
		"0.0.0.0:8080":     "localhost:8080",
		":8080":            "localhost:8080",
		"127.0.0.1:8080":   "localhost:8080",
		"203.0.113.7:80":   "203.0.113.7:80",
		"[2001:db8::1]:80": "[2001:db8::1]:80",
		"studio.lan:1935":  "studio.lan:1935",
	} {
		if got := gateway.Near(in); got != want {
			t.Errorf("gateway.Near(%q) is %q, want %q", in, got, want)
		}
	}
}

// TestCastReplacesWhatIsOff: the demo works with any protocol switched off.
func TestCastReplacesWhatIsOff(t *testing.T) {
	conf := config.Default()
	conf.Sessions = []config.Session{demoSession()}
	for _, c := range cast(conf, gateway.Addrs{HTTP: "[::]:8080"}) {
		if c.Target.URL != "http://localhost:8080/whip" || c.Card.AudioCodec != "opus" {
			t.Errorf("%s publishes %s to %s", c.Card.Name, c.Card.AudioCodec, c.Target.URL)
		}
	}
	want := []string{"rtmp://localhost:1935/live", "rtsp://localhost:8554/live", "http://localhost:8080/whip", "rtsp://localhost:8554/live?udp"}
	tones, keys := map[float64]bool{}, map[string]bool{}
	for i, c := range cast(conf, gateway.Addrs{HTTP: ":8080", RTMP: ":1935", RTSP: ":8554"}) {
		if c.Target.URL != want[i] {
			t.Errorf("%s publishes to %s, want %s", c.Card.Name, c.Target.URL, want[i])
		}
		tones[c.Card.ToneHz], keys[c.Target.Key] = true, true
	}
	if len(tones) != 4 || len(keys) != 4 {
		t.Errorf("%d tones and %d keys, want 4 of each", len(tones), len(keys))
	}
}
