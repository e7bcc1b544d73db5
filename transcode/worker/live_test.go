package worker_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
	"github.com/regie-live/regie/transcode/worker"
)

// cpuOf is the CPU time of a process, from proc(5): fields 14 and 15, in ticks of
// 10 ms.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	var user, system int
	if _, err := fmt.Sscan(f[11]+" "+f[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// BenchmarkSession4x720p runs a real session in real time and reports how long the
// host's pictures take from their arrival to the program frame that shows them, and
// the worker's CPU and memory.
func BenchmarkSession4x720p(b *testing.B) {
	const lead = 1500 * time.Millisecond
	for b.Loop() {
		r := newRig(b, transcode.Program{Width: 1280, Height: 720, FPS: 30, Kbps: 2500})
		// Coding the clips takes longer than a session should wait, so their clocks
		// are shifted by when sending begins; see below.
		origin := time.Now()
		cs := worker.Clips(b, origin)
		ids := []transcode.SourceID{"host", "guest1", "guest2", "guest3"}
		r.grid(ids...)
		for i, id := range ids {
			if err := r.s.SetSource(transcode.Source{ID: id, Name: string(id), Gain: 1}); err != nil {
				b.Fatal(err)
			}
			r.s.SetTracks(id, cs[i].Tracks)
		}
		start := time.Now()
		pushed := make(map[uint32]time.Duration) // by the card's clock
		next := make([]int, len(cs))
		for {
			first := -1
			for i, c := range cs {
				if next[i] < len(c.Due) && (first < 0 || c.Due[next[i]] < cs[first].Due[next[first]]) {
					first = i
				}
			}
			if first < 0 {
				break
			}
			c, n := cs[first], next[first]
			next[first]++
			<-time.After(time.Until(start.Add(c.Due[n])))
			r.s.Push(transcode.Input{Source: ids[first], AccessUnit: c.Units[n]})
			if first == 0 && c.Units[n].Kind == media.Video {
				pushed[uint32(origin.Add(c.Due[n]).UnixMilli())] = r.s.Now()
			}
		}
		r.mu.Lock()
		pid, av := r.stats.PID, r.stats.AVOffset
		r.mu.Unlock()
		used := cpuOf(b, pid)
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var kb float64
		_, _ = fmt.Sscan(rest, &kb)
		took := ages(b, r, pushed, r.s.Now()-time.Since(start)+lead)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
		b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		b.ReportMetric(used.Seconds()/time.Since(start).Seconds(), "cpu-s/s")
		b.ReportMetric(kb/1024, "MB")
		b.ReportMetric(float64(av.Microseconds())/1000, "av-ms")
	}
}

// ages is how long each of the host's pictures took, sorted.
func ages(b *testing.B, r *rig, pushed map[uint32]time.Duration, from time.Duration) []time.Duration {
	b.Helper()
	video := r.taken(transcode.Video)
	came := map[time.Duration]time.Duration{}
	for _, p := range video {
		came[time.Duration(p.PTS)*time.Second/transcode.VideoClock] = p.at
	}
	var took []time.Duration
	last := uint32(0)
	frames(b, video, func(pts time.Duration, pic *compose.Picture) {
		ms, ok := testcard.ReadClock(pic.Sub(0, 0, 640, 360))
		if at, known := pushed[ms]; ok && known && ms != last && at > from {
			took = append(took, came[pts]-at)
			last = ms
		}
	})
	if len(took) < 100 {
		b.Fatalf("only %d of the host's pictures were found", len(took))
	}
	slices.Sort(took)
	return took
}
