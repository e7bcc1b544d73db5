package hls

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// rewinding is a program of ten minutes' window whose disk keeps up, if it can.
type rewinding struct {
	*source
	disk *Disk
	stop func()
	sums map[string]uint32 // of segments, when they were new
	last listing
}

// slowOptions is a program that is cheap to make.
func slowOptions() Options {
	o := testOptions()
	o.FPS, o.Part = 10, time.Second
	return o
}

// rewind must be called in a bubble of synctest.
func rewind(t *testing.T, window time.Duration, o DiskOptions, spoil func(*Disk)) *rewinding {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 40
	}
	o.Metrics = NewMetrics(nil)
	disk, err := OpenDisk(o)
	if err != nil {
		t.Fatal(err)
	}
	disk.free = func() (int64, error) { return 1 << 50, nil }
	if spoil != nil {
		spoil(disk)
	}
	so := slowOptions()
	so.Window, so.Disk, so.Metrics = window, disk, o.Metrics
	r := &rewinding{source: newSource(t, so), disk: disk, sums: map[string]uint32{}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := disk.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	r.stop = func() { cancel(); <-done }
	t.Cleanup(r.stop)
	return r
}

// segment writes one, and now and then looks at the playlist.
func (r *rewinding) segment() {
	r.t.Helper()
	r.frames(int(r.grid.segment))
	time.Sleep(2 * time.Second) // lets the disk work
	if r.next/r.grid.segment%5 > 0 {
		return
	}
	l := check(r.t, r.get(playlistPath).Body.String())
	if r.last.target != 0 {
		l.follows(r.t, r.last)
	}
	r.last = l
	newest := l.segments[len(l.segments)-1]
	r.sums[newest.uri] = r.sum(newest.uri)
}

func (r *rewinding) sum(uri string) uint32 {
	r.t.Helper()
	got := r.get("180p/" + uri)
	if got.Code != http.StatusOK || got.Header().Get("Etag") == "" || got.Header().Get("Cache-Control") != cacheMedia ||
		len(got.Header()["Content-Length"]) != 1 {
		r.t.Fatalf("GET %s: %d %v", uri, got.Code, got.Header())
	}
	return crc32.ChecksumIEEE(got.Body.Bytes())
}

// inMemory counts the segments whose bytes are in memory.
func (r *rewinding) inMemory() (n int) {
	for _, s := range r.stream.current.Load().segments {
		if b := s.in(0); b != nil && b.chunks != nil {
			n++
		}
	}
	return n
}

// files adds up what is on the disk.
func files(t *testing.T, dir string) (n int, size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		n, size = n+1, size+info.Size()
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return n, size
}

func (r *rewinding) lost(why lossReason) float64 {
	return testutil.ToFloat64(r.stream.writer.metrics.lost[why])
}

// TestRewind: what is older than a minute comes from the disk as it was, leaves
// the playlist when the window says so, stays for a while (6.2.2), and goes.
func TestRewind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rewind(t, 3*time.Minute, DiskOptions{}, nil)
		const window, memory = 90, 30
		for range window + 2*memory + 5 {
			r.segment()
			if n := r.inMemory(); n > memory+1 {
				t.Fatalf("%d segments in memory", n)
			}
		}
		if len(r.last.segments) != window {
			t.Errorf("%d segments listed", len(r.last.segments))
		}
		same := 0
		for i, s := range r.last.segments {
			if was, known := r.sums[s.uri]; known && was != r.sum(s.uri) {
				t.Errorf("segment %d is not what it was", r.last.sequence+uint64(i))
			} else if known {
				same++
			}
		}
		if same < 15 {
			t.Errorf("only %d segments were compared", same)
		}
		for _, name := range r.stream.renditions {
			path := name + "/" + r.last.segments[0].uri
			got, head := r.get(path), ask(r.stream, http.MethodHead, path)
			if got.Code != 200 || head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("Content-Length") != got.Header().Get("Content-Length") {
				t.Errorf("%s: %d, %d", path, got.Code, head.Code)
			}
			if again := r.get(path, "If-None-Match", got.Header().Get("Etag")); again.Code != http.StatusNotModified {
				t.Errorf("%s, known: %d", path, again.Code)
			}
		}
		// 6.2.2: a segment that has just left is there for its length at least.
		for back := range uint64(memory) {
			if got := r.get(mediaPath("%d.m4s", r.last.sequence-1-back)); got.Code != http.StatusOK {
				t.Errorf("6.2.2: the segment %d before the window: %d", back+1, got.Code)
			}
		}
		if got := r.get(mediaPath("%d.m4s", r.last.sequence-memory-3)); got.Code != http.StatusNotFound {
			t.Errorf("a segment that should be gone: %d", got.Code)
		}
		n, size := files(t, r.disk.dir)
		if most := 2 * (window + memory + 3); n > most || n < 2*window {
			t.Errorf("%d files", n)
		}
		if said := testutil.ToFloat64(r.disk.metrics.rewindBytes); said != float64(size) {
			t.Errorf("%v bytes by the metric, %d on the disk", said, size)
		}
		if back := testutil.ToFloat64(r.stream.writer.metrics.rewind); back != 180 {
			t.Errorf("viewers can go back %v s", back)
		}
		over(r.stream)
		if l := check(t, r.get(playlistPath).Body.String()); !l.ended || len(l.segments) != window {
			t.Errorf("in the end %d segments", len(l.segments))
		}
		r.sum(r.last.segments[0].uri)
		r.stream.Close()
		synctest.Wait()
		if n, _ := files(t, r.disk.dir); n > 0 {
			t.Errorf("%d files after Close", n)
		}
	})
}

// TestDiskMaxBytes: the disk never has more than it may; the oldest go, and that
// is told.
func TestDiskMaxBytes(t *testing.T) {
	for name, limit := range map[string]func(*Disk, int64){
		"max": func(d *Disk, n int64) { d.max = n },
		"reserve": func(d *Disk, n int64) {
			d.free = func() (int64, error) { return d.reserve + n - d.used, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				o := DiskOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}
				const most = 220_000
				r := rewind(t, time.Hour, o, func(d *Disk) { limit(d, most) })
				peak := 0
				for range 120 {
					r.segment()
					if _, size := files(t, r.disk.dir); size > most {
						t.Fatalf("%d bytes on the disk", size)
					}
					peak = max(peak, len(r.last.segments))
				}
				if r.lost(lostSpace) == 0 || r.lost(lostFailed)+r.lost(lostSlow) > 0 || r.inMemory() > 31 {
					t.Errorf("lost %v for space, %d in memory", r.lost(lostSpace), r.inMemory())
				}
				t.Logf("lost %v, %d listed, %d at most", r.lost(lostSpace), len(r.last.segments), peak)
				if n := len(r.last.segments); n < 31 || peak-n > 15 {
					t.Errorf("%d segments listed, %d at most", n, peak)
				}
				for _, s := range r.last.segments { // whatever is listed is there
					r.sum(s.uri)
				}
				if n := strings.Count(log.String(), "left the playlists before their time"); n < 1 || n > 5 || !strings.Contains(log.String(), "hint=") {
					t.Errorf("%d lines in four minutes:\n%s", n, log.String())
				}
			})
		})
	}
}

// TestDiskFails: the stream goes on with what memory has, and takes the disk again
// when it is back.
func TestDiskFails(t *testing.T) {
	var full error
	for name, c := range map[string]struct {
		err error
		why lossReason
	}{"full": {syscall.ENOSPC, lostSpace}, "broken": {syscall.EIO, lostFailed}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rewind(t, time.Hour, DiskOptions{}, func(d *Disk) {
					d.save = func(file string, chunks [][]byte) error {
						if full != nil {
							return full
						}
						return saveFile(file, chunks)
					}
				})
				for range 40 {
					r.segment()
				}
				synctest.Wait()
				full = c.err
				for range 40 {
					r.segment()
				}
				if n := len(r.last.segments); r.lost(c.why) < 40 || n != 30 {
					t.Errorf("lost %v; %d segments listed", r.lost(c.why), n)
				}
				synctest.Wait()
				full = nil
				for range 50 {
					r.segment()
				}
				if n := len(r.last.segments); n < 50 || r.inMemory() > 31 {
					t.Errorf("%d segments listed when the disk was back, %d in memory", n, r.inMemory())
				}
				for _, s := range r.last.segments {
					r.sum(s.uri)
				}
			})
		})
	}
}

// TestUnwritable: somebody takes the directory away; and one that never was.
func TestUnwritable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rewind(t, time.Hour, DiskOptions{}, nil)
		for range 40 {
			r.segment()
		}
		if err := os.RemoveAll(filepath.Join(r.disk.dir, "test")); err != nil {
			t.Fatal(err)
		}
		// What vanished is a 404, not a broken body.
		if got := r.get("180p/" + r.last.segments[0].uri); got.Code != http.StatusNotFound || got.Header().Get("Content-Type") != typeProblem {
			t.Errorf("a file that vanished: %d %v", got.Code, got.Header())
		}
		if err := os.WriteFile(filepath.Join(r.disk.dir, "test"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			r.segment()
		}
		if r.lost(lostFailed) == 0 || len(r.last.segments) != 30 {
			t.Errorf("lost %v, %d listed", r.lost(lostFailed), len(r.last.segments))
		}
	})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDisk(DiskOptions{Dir: filepath.Join(file, "rewind")}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a directory that cannot be: %v", err)
	}
}

// TestSlowDisk: a disk that hangs costs the stream its window, but neither time nor
// memory.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		close(hang)
		r := rewind(t, time.Hour, DiskOptions{}, func(d *Disk) {
			d.save = func(file string, chunks [][]byte) error {
				<-hang
				return saveFile(file, chunks)
			}
		})
		for range 40 {
			r.segment()
		}
		synctest.Wait()
		hang = make(chan struct{})
		began := time.Now()
		for range 60 {
			r.segment()
		}
		if took := time.Since(began); took != 120*time.Second {
			t.Errorf("the writer waited for the disk: %v", took-120*time.Second)
		}
		if r.lost(lostSlow) < 60 || len(r.last.segments) != 30 || r.inMemory() > 31 {
			t.Errorf("lost %v, %d listed, %d in memory", r.lost(lostSlow), len(r.last.segments), r.inMemory())
		}
		held := 0
		r.disk.mu.Lock()
		for _, waiting := range r.disk.tasks {
			if waiting.write != nil && waiting.write.bodies != nil {
				held++
			}
		}
		r.disk.mu.Unlock()
		if held > 31 {
			t.Errorf("the queue holds on to %d segments", held)
		}
		t.Logf("lost %v, the queue holds on to %d segments", r.lost(lostSlow), held)
		close(hang)
		for range 40 {
			r.segment()
		}
		if len(r.last.segments) < 40 {
			t.Errorf("%d listed when the disk was back", len(r.last.segments))
		}
		if n, size := files(t, r.disk.dir); float64(size) != testutil.ToFloat64(r.disk.metrics.rewindBytes) || n > 2*110 {
			t.Errorf("%d files of %d bytes; the metric says %v", n, size, testutil.ToFloat64(r.disk.metrics.rewindBytes))
		}
	})
}
