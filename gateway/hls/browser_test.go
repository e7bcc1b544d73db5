package hls

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/transcode"
)

// hlsJS is the player that our own page uses; `make web` fetches it.
const hlsJS = "../web/node_modules/hls.js/dist/hls.min.js"

// onAir plays the two-rung clip over and over in real time. The packets of frames
// from gapFrom to gapUntil are lost.
type onAir struct {
	*Stream
	frame             atomic.Int64 // the next
	gapFrom, gapUntil atomic.Int64
}

func goOnAir(t *testing.T) *onAir {
	t.Helper()
	clip := twoRungs(t)
	sounds := int64(len(clip) - len(pictures(clip)))
	o := twoRungOptions()
	const head = 5 // seconds that are there at once
	o.Epoch = time.Now().Add(-head * time.Second)
	a := &onAir{Stream: newStream(t, o)}
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-stopped })
	go func() {
		defer close(stopped)
		for loop := int64(0); ; loop++ {
			for _, p := range clip {
				clock := int64(transcode.VideoClock)
				if p.Track == transcode.AAC {
					clock = transcode.AudioClock
					p.PTS += loop * sounds * aacSamples // without a hole where it begins anew
				} else {
					p.PTS += loop * clipSeconds * clock
				}
				due := o.Epoch.Add(time.Duration(p.PTS) * time.Second / time.Duration(clock))
				if wait := time.Until(due); wait > 0 {
					select {
					case <-stop:
						return
					case <-time.After(wait):
					}
				}
				frame := p.PTS * clipFPS / clock
				if frame >= a.gapFrom.Load() && frame < a.gapUntil.Load() {
					continue
				}
				if a.Write(p); p.Track == transcode.Video {
					a.frame.Store(frame + 1)
				}
			}
		}
	}()
	return a
}

// looked is what the page collects.
type looked struct {
	Waits  []float64
	Errors []struct {
		Details, Reason string
		Fatal           bool
	}
	Holes, Jumps  [][2]float64
	Sizes         []int
	Time, Latency float64
	Levels        int
	Height        int
	Ranges        map[string]float64 // start of each date range, in the page's time
	Date          float64            // program time of currentTime, ms
}

const look = `({...seen, time: video.currentTime, latency: hls.latency, levels: hls.levels.length, height: video.videoHeight,
	date: hls.playingDate ? hls.playingDate.getTime() : 0,
	ranges: Object.fromEntries(Object.values(hls.latestLevelDetails ? hls.latestLevelDetails.dateRanges : {}).map(r => [r.id, r.startTime]))})`

// TestHlsJS: hls.js in a browser plays the ladder, switches between its rungs
// without a stall or a hole in its buffer, knows a cue and its place, and goes on
// after an interruption.
func TestHlsJS(t *testing.T) {
	a := goOnAir(t)
	var skips atomic.Int64
	mux := http.NewServeMux()
	mux.Handle("/live/test/", http.StripPrefix("/live/test/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "_HLS_skip=v2") {
			skips.Add(1)
		}
		a.ServeHTTP(w, r)
	})))
	mux.HandleFunc("/hls.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, hlsJS) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/player.html") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page := rtctest.OpenPage(t, server.URL)
	see := func() looked { return rtctest.Evaluate[looked](t, page, look) }
	until := func(what string, ok func(looked) bool) looked {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for {
			at := see()
			if ok(at) {
				return at
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: not in 30 s: %+v", what, at)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	began := until("it plays", func(at looked) bool { return at.Time > 1 && at.Height > 0 })
	if began.Levels != 2 {
		t.Errorf("hls.js shows %d levels; it should leave the sound alone out", began.Levels)
	}
	cue := time.Duration(a.grid.micros(a.frame.Load()))*time.Microsecond + time.Second
	if err := a.Announce(pin("vase", cue, 0, `{"title":"Vase"}`)); err != nil {
		t.Fatal(err)
	}
	for _, height := range []int{clipHeight, 2 * clipHeight, clipHeight, 2 * clipHeight} {
		rtctest.Evaluate[int](t, page, fmt.Sprintf(`hls.loadLevel = hls.levels.findIndex(l => l.height === %d)`, height))
		until(fmt.Sprint(height, " lines"), func(at looked) bool { return at.Height == height })
	}
	at := see()
	if len(at.Waits) > 0 || len(at.Holes) > 0 || len(at.Jumps) > 0 || len(at.Errors) > 0 {
		t.Errorf("switching: %+v", at)
	}
	if len(at.Sizes) < 5 || skips.Load() == 0 {
		t.Errorf("sizes %v, %d delta updates", at.Sizes, skips.Load())
	}
	// The time of the cue for the page, brought to the program by what is shown now;
	// hls.js is exact to a few frames while it corrects its fragments.
	start, known := at.Ranges["vase"]
	shown := at.Date/1000 + start - at.Time
	if want := float64(a.writer.epoch.Add(cue).UnixMilli()) / 1000; !known || max(shown-want, want-shown) > .2 {
		t.Errorf("the cue belongs to %.3f, the page shows it at %.3f", want, shown)
	}
	playOverGap(t, a, until)
}

// playOverGap loses one and a half seconds, as when a worker dies.
func playOverGap(t *testing.T, a *onAir, until func(string, func(looked) bool) looked) {
	from := a.frame.Load() + 15
	back := a.grid.borderAfter(from + 20)
	a.gapUntil.Store(back)
	a.gapFrom.Store(from)
	before := until("the gap begins", func(looked) bool { return a.frame.Load() > back+30 })
	if body := ask(a.Stream, http.MethodGet, "360p/stream.m3u8").Body.String(); !strings.Contains(body, "#EXT-X-GAP") || strings.Contains(body, "#EXT-X-DISCONTINUITY\n") {
		t.Fatalf("no gap:\n%s", body)
	}
	after := until("it plays on", func(at looked) bool { return at.Time > before.Time+8 })
	lost := float64(back-from) / clipFPS
	for _, e := range after.Errors {
		if e.Fatal {
			t.Errorf("%s: %s", e.Details, e.Reason)
		}
	}
	jumped := 0.0
	for _, j := range after.Jumps {
		jumped += j[1] - j[0]
	}
	if jumped > lost+1 {
		t.Errorf("a gap of %.2f s made the player jump by %.2f s", lost, jumped)
	}
	if again := until("and on", func(at looked) bool { return at.Time > after.Time+2 }); len(again.Jumps) != len(after.Jumps) || len(again.Waits) > 2 {
		t.Errorf("long after the gap: jumps %v, waits %v", again.Jumps, again.Waits)
	}
	t.Logf("a gap of %.2f s: jumps %v, waits %v, errors %v", lost, after.Jumps, after.Waits, after.Errors)
}
