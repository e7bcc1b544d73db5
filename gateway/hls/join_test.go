package hls

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestJoinsARunningProgram: a session has rehearsed for an hour and a bit when its
// ways out are opened. Those who watch see a program that begins like any other.
func TestJoinsARunningProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := ladderOptions()
		o.Metrics = NewMetrics(prometheus.NewRegistry())
		s := newSource(t, o)
		const start = 60*1801 + 17 // the keyframe that is due next is number 60*1802
		s.skip(start)
		waits := send(s, "720p/stream.m3u8?_HLS_msn=1&_HLS_part=0")
		index := send(s, "index.m3u8")
		s.frame(true) // forced, because somebody asked
		s.frames(60 - 17 - 1)
		if waits.done() || s.stream.current.Load().playlists != nil {
			t.Fatal("something was published before the scheduled keyframe")
		}
		s.parts(1)
		synctest.Wait()
		if !waits.done() || waits.got.Code != http.StatusOK {
			t.Fatalf("the reload for the first part: %v, %d", waits.done(), waits.got.Code)
		}
		l := check(t, waits.got.Body.String())
		date := testEpoch.Add(1802 * 2 * time.Second).Format(dateFormat)
		if l.sequence != firstMSN || len(l.segments) != 1 || !l.segments[0].parts[0].independent || l.breaks != 0 ||
			strings.Count(waits.got.Body.String(), "PROGRAM-DATE-TIME:"+date) != 1 {
			t.Errorf("the first playlist, want MSN %d at %s:\n%s", firstMSN, date, waits.got.Body.String())
		}
		if index.done() {
			t.Error("the multivariant playlist came before a whole segment")
		}
		for part := 1; part < 6; part++ {
			next := send(s, fmt.Sprintf("720p/stream.m3u8?_HLS_msn=1&_HLS_part=%d", part))
			if next.done() {
				t.Fatalf("part %d was answered before it was there: %d", part, next.got.Code)
			}
			s.parts(1)
			synctest.Wait()
			if !next.done() || next.got.Code != http.StatusOK {
				t.Fatalf("part %d: %v, %d", part, next.done(), next.got.Code)
			}
		}
		if !index.done() || index.got.Code != http.StatusOK {
			t.Fatalf("the multivariant playlist: %v, %d", index.done(), index.got.Code)
		}
		s.parts(6 * 3)
		l = check(t, s.get("720p/stream.m3u8").Body.String())
		if first := l.segments[0]; first.micros != 2_000_000 || first.gap || first.discontinuity {
			t.Errorf("the first segment is %+v", first)
		}
		for rendition, m := range s.stream.writer.metrics.renditions {
			for reason, c := range m.dropped {
				if n := testutil.ToFloat64(c); n != 0 {
					t.Errorf("%v packets of rendition %d were counted as dropped, %v", n, rendition, reason)
				}
			}
		}
	})
}
