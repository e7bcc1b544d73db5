package hls

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// viewer is one request on its way.
type viewer struct {
	got   *httptest.ResponseRecorder
	began time.Time
	took  time.Duration
	ended atomic.Bool
	leave context.CancelFunc
}

func (v *viewer) done() bool { return v.ended.Load() }

// send asks in a goroutine of the test's bubble and waits until it blocks or is
// answered.
func send(s *source, path string) *viewer {
	ctx, cancel := context.WithCancel(context.Background())
	v := &viewer{got: httptest.NewRecorder(), began: time.Now(), leave: cancel}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/"+path, nil)
	go func() {
		defer cancel()
		s.stream.ServeHTTP(v.got, r)
		v.took = time.Since(v.began)
		v.ended.Store(true)
	}()
	synctest.Wait()
	return v
}

// TestBlocks: who waits, and for what (RFC 8216bis 6.2.5.2 and 6.2.6). Each case
// begins with segments 1 to 10 and two parts of segment 11; a segment has six.
func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		rule, path string
		parts      int // after so many more it must be answered, and not before
	}{
		{"6.2.5.2: the next part", playlistPath + "?_HLS_msn=11&_HLS_part=2", 1},
		{"6.2.5.2: with a delta update", playlistPath + "?_HLS_msn=11&_HLS_part=2&_HLS_skip=YES", 1},
		{"6.2.5.2: a later part", playlistPath + "?_HLS_msn=11&_HLS_part=5", 4},
		{"6.2.5.2: one more than the segment will have", playlistPath + "?_HLS_msn=11&_HLS_part=6", 5},
		{"6.2.5.2: a part of the next segment", playlistPath + "?_HLS_msn=12&_HLS_part=0", 5},
		{"6.2.5.2: the segment, whole", playlistPath + "?_HLS_msn=11", 4},
		{"6.2.5.2: the next segment, whole", playlistPath + "?_HLS_msn=12", 10},
		{"6.2.5.2: the Advance Part Limit itself", playlistPath + "?_HLS_msn=12&_HLS_part=4", 9},
		{"6.2.6: the hinted part", mediaPath("11.2.m4s"), 1},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := live(t)
				v := send(s, c.path)
				for n := range c.parts {
					if v.done() {
						t.Fatalf("answered after %d parts: %d %s", n, v.got.Code, v.got.Body)
					}
					time.Sleep(time.Second / 3)
					s.parts(1)
					synctest.Wait()
				}
				if !v.done() || v.got.Code != http.StatusOK {
					t.Fatalf("after %d parts: done is %v, %d", c.parts, v.done(), v.got.Code)
				}
			})
		})
	}
}

// TestHintMayMove: a part is hinted, but its segment ends early; whoever waited is
// told (6.2.6), and whoever waited for the playlist gets it (6.2.5.2).
func TestHintMayMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live(t)
		part := send(s, mediaPath("11.2.m4s"))
		playlist := send(s, playlistPath+"?_HLS_msn=11&_HLS_part=2")
		s.sps = spsLarge
		s.frame(true)
		s.parts(1)
		synctest.Wait()
		if !part.done() || part.got.Code != http.StatusNotFound {
			t.Errorf("the part: %v, %d", part.done(), part.got.Code)
		}
		if !playlist.done() || playlist.got.Code != http.StatusOK {
			t.Errorf("the playlist: %v, %d", playlist.done(), playlist.got.Code)
		}
	})
}

// TestStalled: nobody waits longer than three target durations (6.2.5.2).
func TestStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live(t)
		for _, path := range []string{playlistPath + "?_HLS_msn=11&_HLS_part=2", mediaPath("11.2.m4s")} {
			v := send(s, path)
			time.Sleep(6*time.Second - time.Millisecond)
			synctest.Wait()
			if v.done() {
				t.Errorf("%s: answered after %v", path, v.took)
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if h := v.got.Header(); !v.done() || v.got.Code != http.StatusServiceUnavailable || h.Get("Cache-Control") != "no-store" || h.Get("Retry-After") == "" {
				t.Errorf("%s: done is %v, %d %v", path, v.done(), v.got.Code, h)
			}
		}
	})
}

// TestLongWait: what comes meanwhile does not begin the three target durations
// anew.
func TestLongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live(t)
		v := send(s, playlistPath+"?_HLS_msn=13")
		for range 4 {
			time.Sleep(2 * time.Second)
			s.parts(1)
		}
		synctest.Wait()
		if v.got.Code != http.StatusServiceUnavailable || v.took != 6*time.Second {
			t.Errorf("%d after %v", v.got.Code, v.took)
		}
	})
}

// TestBeforeTheFirstSegment: playlists wait for it, but not for ever; a reload
// for a part needs no whole segment.
func TestBeforeTheFirstSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, testOptions())
		for _, path := range []string{"index.m3u8", playlistPath} {
			v := send(s, path)
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if !v.done() || v.got.Code != http.StatusNotFound || v.got.Header().Get("Retry-After") == "" {
				t.Errorf("%s: done is %v, %d", path, v.done(), v.got.Code)
			}
		}
		for path, parts := range map[string]int{
			"index.m3u8": 6, playlistPath: 6,
			playlistPath + "?_HLS_msn=1": 6, playlistPath + "?_HLS_msn=1&_HLS_part=1": 2,
			mediaPath("1.0.m4s"): 1,
		} {
			s := newSource(t, testOptions())
			v := send(s, path)
			for n := range parts {
				if v.done() || s.stream.Ready() {
					t.Errorf("%s: answered after %d parts", path, n)
				}
				s.parts(1)
				synctest.Wait()
			}
			if !v.done() || v.got.Code != http.StatusOK || s.stream.Ready() != (parts == 6) {
				t.Errorf("%s after %d parts: done is %v, %d", path, parts, v.done(), v.got.Code)
			}
		}
	})
}

// TestEndAnswers: End and Close wake everybody.
func TestEndAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		stop           func(*Stream)
		playlist, part int
	}{
		"End":   {func(s *Stream) { s.End(); time.Sleep(lastParts) }, http.StatusOK, http.StatusNotFound},
		"Close": {(*Stream).Close, http.StatusNotFound, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := live(t)
				playlist := send(s, playlistPath+"?_HLS_msn=12")
				part := send(s, mediaPath("11.2.m4s"))
				c.stop(s.stream)
				synctest.Wait()
				// Close ends first: who wakes in between may still get the final playlist.
				if !playlist.done() || playlist.got.Code != c.playlist && playlist.got.Code != http.StatusOK {
					t.Errorf("playlist: %v %d", playlist.done(), playlist.got.Code)
				}
				if !part.done() || part.got.Code != c.part {
					t.Errorf("part: %v %d", part.done(), part.got.Code)
				}
			})
		})
	}
}

// TestLeave: a viewer who leaves is gone at once, and gets nothing.
func TestLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live(t)
		v := send(s, playlistPath+"?_HLS_msn=12")
		v.leave()
		synctest.Wait()
		if !v.done() || v.took != 0 || v.got.Body.Len() > 0 {
			t.Errorf("done is %v after %v, %d bytes", v.done(), v.took, v.got.Body.Len())
		}
	})
}
