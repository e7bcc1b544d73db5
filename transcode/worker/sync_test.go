package worker_test

import (
	"image"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// flashes returns when cell i of a grid turns white.
func flashes(t *testing.T, ps []packet, p transcode.Program, cells int) [][]time.Duration {
	out := make([][]time.Duration, cells)
	on := make([]bool, cells)
	w, h := p.Width/2, p.Height/2
	frames(t, ps, func(pts time.Duration, pic *compose.Picture) {
		for i := range cells {
			lit := mean(pic, testcard.FlashRect(w, h).Inset(4).Add(image.Pt(i%2*w, i/2*h)))[0] > 200
			if lit && !on[i] {
				out[i] = append(out[i], pts)
			}
			on[i] = lit
		}
	})
	return out
}

// beeps returns when 1 kHz begins in x, whose first sample is at start.
func beeps(x []float64, start time.Duration) []time.Duration {
	const step, window = 48, 96 // whole periods of 1 kHz
	var out []time.Duration
	on := false
	quiet := 0
	for i := 0; i+window <= len(x); i += step {
		var re, im float64
		for j, v := range x[i : i+window] {
			re += v * math.Cos(2*math.Pi*1000*float64(j)/48000)
			im += v * math.Sin(2*math.Pi*1000*float64(j)/48000)
		}
		loud := 2*math.Hypot(re, im)/window > 0.25
		switch {
		case loud && !on && quiet > 30:
			out = append(out, start+time.Duration(i+window/2)*time.Second/48000)
		}
		if on = loud; loud {
			quiet = 0
		} else {
			quiet++
		}
	}
	return out
}

// TestLipSync measures with flash and beep, for publishers that differ in codec,
// in how late their sound comes, and in the speed of their clock: audio minus
// video within -60 to +40 ms in the program. It judges the median, because on a
// machine that does much else single pictures of a publisher come late;
// TestLipSyncSimulated judges every one.
func TestLipSync(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	type kind struct {
		name   string
		codec  media.Codec
		change func(*media.AccessUnit, time.Duration) bool
	}
	kinds := []kind{
		{"aac", media.AAC, nil},
		{"opus", media.Opus, nil},
		{"drift", media.Opus, func(au *media.AccessUnit, _ time.Duration) bool {
			au.PTS = time.Duration(float64(au.PTS) * 1.0005)
			return true
		}},
	}
	var ids []transcode.SourceID
	for _, k := range kinds {
		ids = append(ids, transcode.SourceID(k.name))
	}
	r.grid(ids...)
	for i, k := range kinds {
		r.until(time.Duration(i) * 600 * time.Millisecond) // so that their beeps differ
		r.join(ids[i], testcard.Options{Name: k.name, Color: blue, W: 320, H: 180, Kbps: 800, AudioCodec: k.codec, FlashBeep: true}, k.change)
	}
	r.until(12 * time.Second)
	checkTimeline(t, r)
	seen := flashes(t, r.taken(transcode.Video), small, len(kinds))
	for track, as := range map[transcode.Track]media.Track{transcode.AAC: aacTrack, transcode.Opus: opusTrack} {
		ps := r.taken(track)
		heard := beeps(sound(t, ps, as), time.Duration(ps[0].PTS)*time.Second/48000)
		for i, k := range kinds {
			var offsets []time.Duration
			for _, f := range seen[i] {
				for _, b := range heard {
					if d := b - f; d > -250*time.Millisecond && d < 250*time.Millisecond {
						offsets = append(offsets, d.Round(time.Millisecond))
					}
				}
			}
			t.Logf("track %d, %s: audio minus video %v", track, k.name, offsets)
			if len(offsets) < 4 {
				t.Errorf("track %d, %s: %d flashes with beeps, want at least 4", track, k.name, len(offsets))
				continue
			}
			slices.Sort(offsets)
			if m := offsets[len(offsets)/2]; m < -60*time.Millisecond || m > 40*time.Millisecond {
				t.Errorf("track %d, %s: median %v, want within -60 to +40 ms", track, k.name, m)
			}
		}
	}
}

// TestLatency measures from the arrival of the host's picture to the program frame
// that shows it, by the clock that the card draws. The bound is generous for
// machines that do other things; the log has the figure.
func TestLatency(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	r.s.SetScene(transcode.Scene{Cells: []transcode.Cell{{Source: "host", Fit: transcode.Contain, Rect: transcode.Rect{W: small.Width, H: small.Height}}}})
	r.join("host", testcard.Options{Name: "host", Color: green, W: 640, H: 360, Kbps: 1500, AudioCodec: media.Opus}, nil)
	r.until(8 * time.Second)
	came := map[time.Duration]time.Duration{}
	video := r.taken(transcode.Video)
	for _, p := range video {
		came[time.Duration(p.PTS)*time.Second/transcode.VideoClock] = p.at
	}
	epoch := r.s.Epoch()
	var took []time.Duration
	last := uint32(0)
	frames(t, video, func(pts time.Duration, pic *compose.Picture) {
		ms, ok := testcard.ReadClock(pic)
		if !ok || pts < 4*time.Second || ms == last {
			return
		}
		last = ms
		shown := epoch.Add(came[pts])
		took = append(took, time.Duration(int32(uint32(shown.UnixMilli())-ms))*time.Millisecond)
	})
	if len(took) < 60 {
		t.Fatalf("only %d new pictures in 4 s", len(took))
	}
	slices.Sort(took)
	t.Logf("frame in to program frame out: median %v, p95 %v, most %v of %d", took[len(took)/2], took[len(took)*95/100], took[len(took)-1], len(took))
	if took[len(took)/2] > 100*time.Millisecond {
		t.Errorf("median %v", took[len(took)/2])
	}
}

// TestPace: publishers that send faster or slower than their clock, or whose clock
// jumps, keep moving in their cells, close to the present, and touch nobody.
func TestPace(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	r.grid("host", "fast", "slow", "jumps")
	pace := map[transcode.SourceID]float64{"host": 1, "fast": 1.5, "slow": 0.7, "jumps": 1}
	began := map[transcode.SourceID]time.Time{}
	ids := []transcode.SourceID{"host", "fast", "slow", "jumps"}
	for _, id := range ids {
		if err := r.s.SetSource(transcode.Source{ID: id, Name: string(id), Gain: 1}); err != nil {
			t.Fatal(err)
		}
		card := r.open(testcard.Options{Color: blue, ToneHz: 440, W: 320, H: 180, Kbps: 800, Start: time.Now()})
		r.s.SetTracks(id, card.Tracks())
		began[id] = time.Now()
		r.send(id, card, pace[id], func(au *media.AccessUnit, due time.Duration) bool {
			if id == "jumps" && due > 3*time.Second && due < 5*time.Second {
				au.PTS += time.Hour
			}
			return true
		})
	}
	r.until(9 * time.Second)
	checkTimeline(t, r)
	ages := make([][]time.Duration, len(ids))
	last := make([]uint32, len(ids))
	came := map[time.Duration]time.Duration{}
	video := r.taken(transcode.Video)
	for _, p := range video {
		came[time.Duration(p.PTS)*time.Second/transcode.VideoClock] = p.at
	}
	w, h := small.Width/2, small.Height/2
	frames(t, video, func(pts time.Duration, pic *compose.Picture) {
		if pts < 6*time.Second {
			return
		}
		for i, id := range ids {
			ms, ok := testcard.ReadClock(pic.Sub(i%2*w, i/2*h, w, h))
			if !ok || ms == last[i] {
				continue
			}
			last[i] = ms
			card := time.Duration(int32(ms-uint32(began[id].UnixMilli()))) * time.Millisecond
			sent := began[id].Add(time.Duration(float64(card) / pace[id]))
			ages[i] = append(ages[i], r.s.Epoch().Add(came[pts]).Sub(sent))
		}
	})
	for i, id := range ids {
		if len(ages[i]) < 20 {
			t.Errorf("%s: %d different pictures in 3 s", id, len(ages[i]))
			continue
		}
		slices.Sort(ages[i])
		t.Logf("%s: %d pictures, age median %v, most %v", id, len(ages[i]), ages[i][len(ages[i])/2].Round(time.Millisecond), ages[i][len(ages[i])-1].Round(time.Millisecond))
		if m := ages[i][len(ages[i])/2]; m > 700*time.Millisecond {
			t.Errorf("%s: pictures are %v old", id, m)
		}
	}
}
