package deploy_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// figures are what a cache cost and gave.
type figures struct {
	requests, atOrigin int           // of those who watched through it
	late               time.Duration // how long after it was there they had a part, the median
	parts              int
	originCPU, ownCPU  float64 // cores
}

func (f figures) String() string {
	return fmt.Sprintf("%d requests, %d at the origin (%.2f %%); late by %v at the median of %d parts; CPU: origin %.3f, cache %.3f cores",
		f.requests, f.atOrigin, 100*float64(f.atOrigin)/float64(f.requests), f.late.Round(100*time.Microsecond), f.parts, f.originCPU, f.ownCPU)
}

// freshness is how old a playlist may be at a cache.
type freshness struct{ now, awaited time.Duration }

// measure has viewers watch through the cache for a while, and a few without it,
// who tell what there was at each moment.
func measure(t *testing.T, origin *appliance, cache string, cachePID, viewers int, length time.Duration, allowed freshness) figures {
	t.Helper()
	const direct = 10
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	here, there := newAudience(cache), newAudience(origin.HTTP)
	var watching sync.WaitGroup
	for i := range viewers {
		watching.Go(func() { here.watch(ctx) })
		if i < direct {
			watching.Go(func() { there.watch(ctx) })
		}
	}
	watching.Go(func() { here.look(ctx) })

	// Everybody plays, and then some time.
	origin.await(t, "that all watch", func() bool { return here.watchers() >= viewers && there.watchers() >= direct })
	type reading struct {
		at                time.Time
		here, there       int
		origin            int
		originCPU, ownCPU time.Duration
	}
	read := func() reading {
		return reading{time.Now(), here.count(), there.count(), origin.requests(t), cpuOf(t, origin.cmd.Process.Pid), cpuOf(t, cachePID)}
	}
	from := read()
	select {
	case <-time.After(length): // what is measured takes this long
	case <-origin.done:
		t.Fatal("the origin ended")
	}
	to := read()
	cancel()
	watching.Wait()

	for _, a := range []*audience{here, there} {
		if n := len(a.failures); n > 0 {
			t.Errorf("%d failures at %s, such as %s", n, a.address, a.failures[0])
		}
	}
	stale(t, here.sights, there.firsts(), allowed)
	seconds := to.at.Sub(from.at).Seconds()
	f := figures{
		requests: to.here - from.here, atOrigin: to.origin - from.origin - (to.there - from.there),
		originCPU: (to.originCPU - from.originCPU).Seconds() / seconds, ownCPU: (to.ownCPU - from.ownCPU).Seconds() / seconds,
	}
	f.late, f.parts = lateness(here.seen, there.seen, viewers)
	if f.parts < int(length/time.Second) {
		t.Fatalf("only %d parts in %v", f.parts, length)
	}
	return f
}

// watchers is how many have had the part that most have had.
func (a *audience) watchers() (most int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.seen {
		most = max(most, len(times))
	}
	if len(a.failures) > 0 {
		return 1 << 30 // no use in waiting
	}
	return most
}

func (a *audience) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// firsts is when each part was first seen, in order.
func (a *audience) firsts() (all []first) {
	for p, times := range a.seen {
		all = append(all, first{p, slices.MinFunc(times, time.Time.Compare)})
	}
	slices.SortFunc(all, func(a, b first) int { return a.at.Compare(b.at) })
	return all
}

type first struct {
	place place
	at    time.Time
}

// stale fails for each playlist that ended before a part that had been there for
// longer than a cache may be behind. That a viewer has seen it is later than that
// it was there.
func stale(t *testing.T, sights []sight, there []first, allowed freshness) {
	t.Helper()
	worst := map[bool]time.Duration{}
	for _, s := range sights {
		now := s.asked == place{}
		i := slices.IndexFunc(there, func(f first) bool { return s.newest.before(f.place) })
		if i < 0 {
			continue
		}
		behind := s.began.Sub(there[i].at)
		worst[now] = max(worst[now], behind)
		limit := allowed.awaited
		if now {
			limit = allowed.now
		}
		if behind > limit {
			t.Errorf("a playlist that ends at %v, when %v had been there for %v (asked for %v)", s.newest, there[i].place, behind, s.asked)
			return
		}
	}
	t.Logf("%d playlists; at most %v behind when asked for now, %v when waited for", len(sights), worst[true], worst[false])
}

// lateness is how long after the first who asked the origin the viewers had a part
// that nearly all of them had: the median of viewers, and of parts.
func lateness(here, there map[place][]time.Time, viewers int) (time.Duration, int) {
	var late []time.Duration
	for p, times := range here {
		if direct := there[p]; len(times)*10 >= viewers*9 && len(direct) > 0 {
			late = append(late, median(times).Sub(slices.MinFunc(direct, time.Time.Compare)))
		}
	}
	if len(late) == 0 {
		return 0, 0
	}
	slices.Sort(late)
	return late[len(late)/2], len(late)
}

func median(times []time.Time) time.Time {
	slices.SortFunc(times, time.Time.Compare)
	return times[len(times)/2]
}

// requests is how many requests for HLS the appliance has answered.
func (a *appliance) requests(t *testing.T) (n int) {
	t.Helper()
	answer, err := http.Get("http://" + a.Metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "} ")
		if strings.HasPrefix(name, "regie_http_requests_total{") && strings.Contains(name, `handler="hls_`) {
			v, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			n += v
		}
	}
	return n
}

// cpuOf is what a process and its children have used.
func cpuOf(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	tasks, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range append(strings.Fields(string(tasks)), strconv.Itoa(pid)) {
		b, err := os.ReadFile("/proc/" + id + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		if id != strconv.Itoa(pid) && strings.Contains(string(b), "(regie)") {
			continue // a worker: mixing costs the same however many watch
		}
		// proc(5): utime and stime are fields 14 and 15, in ticks of 10 ms.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		for _, f := range fields[11:13] {
			ticks, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}
