package main

import (
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// TestLoop: over the seam, pictures and sound go on as if nothing were.
func TestLoop(t *testing.T) {
	const picture, sound = time.Second / 30, 1024 * time.Second / 48000
	c := clip{tracks: []media.Track{{Codec: media.H264}, {Codec: media.AAC}}}
	add := func(k media.Kind, at time.Duration, data ...byte) {
		// Clips of MPEG-TS do not begin at zero.
		c.units = append(c.units, timed{media.AccessUnit{Kind: k, PTS: 1400*time.Millisecond + at, Key: data[4] != 0x41, Data: data}, at})
	}
	add(media.Video, 0, 0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3)
	for i := 1; i < 16; i++ {
		add(media.Video, time.Duration(i)*picture, 0, 0, 0, 1, 0x41, 1)
	}
	for i := range 30 { // more than there are pictures for
		add(media.Audio, time.Duration(i)*sound, 0, 0, 0, 0, 0)
	}
	l, err := newLoop(c)
	if err != nil {
		t.Fatal(err)
	}
	if config := l.Tracks()[0].Config; len(config) != 12 {
		t.Errorf("parameter sets %x", config)
	}
	if c.tracks[0].Config != nil {
		t.Error("the clip itself was changed, which others play too")
	}
	last := map[media.Kind]time.Duration{media.Video: -picture, media.Audio: -sound}
	rounds := 0
	for rounds < 4 {
		u, due, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		step := picture
		if u.Kind == media.Audio {
			step = sound
		} else if u.Key {
			rounds++
		}
		// 16 pictures are 25 frames of sound, to the microsecond.
		if d := u.PTS - last[u.Kind] - step; d.Abs() > time.Microsecond || due != u.PTS {
			t.Fatalf("kind %v: %v after %v, due %v", u.Kind, u.PTS, last[u.Kind], due)
		}
		last[u.Kind] = u.PTS
	}
	if _, err := newLoop(clip{units: c.units[1:]}); err == nil {
		t.Error("a clip that does not begin with a keyframe was taken")
	}
}

// TestTargets: addresses with keys, as flags give them.
func TestTargets(t *testing.T) {
	c := publishCmd{
		RTMP: []string{"rtmp://127.0.0.1/live/k1"}, RTSP: []string{"rtsp://127.0.0.1:8554/live/cam%d"},
		WHIP: []string{"http://127.0.0.1/whip"}, Bearer: []string{"secret"}, Number: 2,
	}
	got, err := c.targets()
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []struct {
		url, key string
		opus     bool
	}{
		{"rtmp://127.0.0.1/live", "k1", false}, {"rtsp://127.0.0.1:8554/live", "cam1", false},
		{"rtsp://127.0.0.1:8554/live", "cam2", false}, {"http://127.0.0.1/whip", "secret", true},
	} {
		if got[i].URL != want.url || got[i].Key != want.key || got[i].opus != want.opus {
			t.Errorf("%d: %+v, want %+v", i, got[i], want)
		}
	}
	for _, bad := range []publishCmd{{}, {RTMP: []string{"rtmp://127.0.0.1"}}} {
		if got, err := bad.targets(); err == nil {
			t.Errorf("%+v gave %+v", bad, got)
		}
	}
}
