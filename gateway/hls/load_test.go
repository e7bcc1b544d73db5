package hls

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestManyReaders: the writer publishes while viewers read everything there is,
// wait for what is not, and leave. It is for the race detector, and asks that
// nobody sees a playlist go back.
func TestManyReaders(t *testing.T) {
	s := live(t)
	var stop atomic.Bool
	var readers sync.WaitGroup
	for n := range 8 {
		readers.Go(func() {
			newest := ""
			for !stop.Load() {
				for i, path := range []string{
					"index.m3u8", playlistPath, playlistPath + "?_HLS_skip=YES", mediaPath("init0.mp4"),
					mediaPath("%d.m4s", 11+n), mediaPath("%d.0.m4s", 12+n), playlistPath + "?_HLS_msn=11",
				} {
					got := s.get(path, "Accept-Encoding", []string{"", "gzip"}[n%2])
					if got.Code != http.StatusOK && got.Code != http.StatusNotFound {
						t.Errorf("GET %s: %d", path, got.Code)
					}
					if i == 1 && n%2 == 0 {
						l, _ := readListing(got.Body.String())
						if now := fmt.Sprintf("%09d", l.sequence); now < newest {
							t.Errorf("the playlist went back from %s to %s", newest, now)
						} else {
							newest = now
						}
					}
				}
			}
		})
	}
	for range 60 {
		s.parts(1)
	}
	over(s.stream)
	stop.Store(true)
	readers.Wait()
}

// TestMetrics: names and labels as the catalogue of metrics has them.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	o := testOptions()
	o.Metrics = NewMetrics(reg)
	o.Epoch = time.Now().Add(-time.Hour)
	s := newSource(t, o)
	s.frame(false)
	s.next = 0
	s.parts(7)
	for name, want := range map[string]int{
		"regie_hls_parts_published_total": 2, "regie_hls_part_delay_seconds": 2,
		"regie_hls_last_part_timestamp_seconds": 2, "regie_hls_packets_dropped_total": 6,
	} {
		if n, err := testutil.GatherAndCount(reg, name); err != nil || n != want {
			t.Errorf("%s: %d series, %v; want %d", name, n, err, want)
		}
	}
	if n := testutil.ToFloat64(o.Metrics.parts.WithLabelValues("test", "180p")); n != 7 {
		t.Errorf("%v parts", n)
	}
	if n := testutil.ToFloat64(o.Metrics.dropped.WithLabelValues("test", "180p", string(dropNoKeyframe))); n != 1 {
		t.Errorf("%v packets dropped", n)
	}
	if at := testutil.ToFloat64(o.Metrics.published.WithLabelValues("test", "180p")); time.Since(time.Unix(int64(at), 0)).Abs() > time.Minute {
		t.Errorf("the newest part was published at %v", at)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	// A session that begins anew opens its stream before it closes the old one.
	again := newSource(t, o)
	s.stream.Close()
	again.parts(2)
	if n := testutil.ToFloat64(o.Metrics.parts.WithLabelValues("test", "180p")); n != 9 {
		t.Errorf("%v parts after the session began anew", n)
	}
	again.stream.Close()
	if n, _ := testutil.GatherAndCount(reg, "regie_hls_parts_published_total", "regie_hls_packets_dropped_total"); n != 0 {
		t.Errorf("%d series after Close", n)
	}
}

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct {
	header http.Header
	bytes  int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(b []byte) (int, error) { w.bytes += len(b); return len(b), nil }

// BenchmarkBlockedReload wakes 1000 viewers with each part and measures what one
// blocking reload costs, without the network. cpu-µs/req is of the process, the
// publishing of the part included.
func BenchmarkBlockedReload(b *testing.B) {
	const viewers = 1000
	for _, window := range []time.Duration{30 * time.Second, 2 * time.Hour} {
		b.Run(window.String(), func(b *testing.B) {
			o := testOptions()
			o.Window = window
			s := newSource(b, o)
			s.parts(6 * int(window/o.Segment))
			b.ReportAllocs()
			var ready, done sync.WaitGroup
			start := make([]chan string, viewers)
			for i := range start {
				start[i] = make(chan string)
				go func() {
					w := &nowhere{header: make(http.Header)}
					r := httptest.NewRequest(http.MethodGet, "/"+playlistPath, nil)
					r.Header.Set("Accept-Encoding", "gzip")
					for query := range start[i] {
						r.URL.RawQuery = query
						clear(w.header)
						ready.Done()
						s.stream.ServeHTTP(w, r)
						done.Done()
					}
				}()
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := cpu()
			for b.Loop() {
				at := s.stream.current.Load().hint
				query := fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d&_HLS_skip=v2", at.msn, at.part)
				ready.Add(viewers)
				done.Add(viewers)
				for _, c := range start {
					c <- query
				}
				ready.Wait()
				s.parts(1)
				done.Wait()
			}
			spent := cpu() - began
			runtime.ReadMemStats(&after)
			requests := float64(b.N * viewers)
			b.ReportMetric(float64(spent.Microseconds())/requests, "cpu-µs/req")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/requests, "allocs/req")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/requests, "B/req")
			for _, c := range start {
				close(c)
			}
		})
	}
}

// BenchmarkPart is what a part costs the writer: muxing two renditions, and their
// delta updates.
func BenchmarkPart(b *testing.B) {
	for _, window := range []time.Duration{30 * time.Second, 2 * time.Hour} {
		b.Run(window.String(), func(b *testing.B) {
			o := testOptions()
			o.Window = window
			s := newSource(b, o)
			s.parts(6*int(window/o.Segment) + 60)
			b.ReportAllocs()
			for b.Loop() {
				s.parts(1)
			}
		})
	}
}

// BenchmarkReload is a request that need not wait, without the network: a delta
// update, and a full playlist that is new each time.
func BenchmarkReload(b *testing.B) {
	for _, window := range []time.Duration{30 * time.Second, 2 * time.Hour} {
		o := testOptions()
		o.Window = window
		s := newSource(b, o)
		s.parts(6*int(window/o.Segment) + 60)
		w := &nowhere{header: make(http.Header)}
		for name, query := range map[string]string{"delta": "_HLS_skip=v2", "full": ""} {
			r := httptest.NewRequest(http.MethodGet, "/"+playlistPath+"?"+query, nil)
			r.Header.Set("Accept-Encoding", "gzip")
			b.Run(window.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				w.bytes = 0
				for b.Loop() {
					if name == "full" {
						s.stream.current.Load().playlists[0].full = &draft{view: s.stream.current.Load().playlists[0].full.view}
					}
					clear(w.header)
					s.stream.ServeHTTP(w, r)
				}
				b.ReportMetric(float64(w.bytes)/float64(b.N), "body-B/op")
			})
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
