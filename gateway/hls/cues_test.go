package hls

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/show"
)

func pin(id string, start, duration time.Duration, data string) show.Cue {
	return show.Cue{ID: id, Class: "com.regie.pin", Start: start, Duration: duration, Data: json.RawMessage(data)}
}

func announce(t testing.TB, s *source, c show.Cue) {
	t.Helper()
	if err := s.stream.Announce(c); err != nil {
		t.Fatal(err)
	}
}

// cueProgram has a cue of each kind: past, closed later, changed, to come, gone.
func cueProgram(s *source) {
	announce(s.t, s, pin("gone", time.Second, 500*time.Millisecond, ""))
	announce(s.t, s, pin("vase", 1500*time.Millisecond, 0, `{"title":"Vase \"bleu\""}`))
	s.parts(6 * 20)
	announce(s.t, s, pin("bowl", 40*time.Second, 0, `{"price":30}`))
	announce(s.t, s, pin("next", 50*time.Second, 2500*time.Millisecond, ""))
	s.parts(3)
	announce(s.t, s, pin("bowl", 40*time.Second, 4*time.Second, `{"price":25}`))
	s.parts(1)
}

// TestAnnounce: what a second announcement may say, and what not (4.4.5.1).
func TestAnnounce(t *testing.T) {
	s := live(t)
	announce(t, s, pin("a", time.Second, 0, `1`))
	announce(t, s, pin("a", time.Second, 0, `1`))
	announce(t, s, pin("a", time.Second, time.Hour, `2`))
	for name, c := range map[string]show.Cue{
		"cannot move":    pin("a", 2*time.Second, time.Hour, `2`),
		"cannot last":    pin("a", time.Second, time.Minute, `2`),
		"cannot become":  {ID: "a", Class: "com.regie.caption", Start: time.Second, Duration: time.Hour},
		"the cue's id":   pin("", 0, 0, ""),
		"is not JSON":    pin("b", 0, 0, "{"),
		"not be negativ": pin("b", -1, 0, ""),
	} {
		if err := s.stream.Announce(c); err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "hls: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.parts(1)
	for _, rendition := range s.stream.renditions {
		got := check(t, s.get(rendition+"/stream.m3u8").Body.String()).ranges
		want := []map[string]string{{
			"ID": `"a"`, "CLASS": `"com.regie.pin"`, "START-DATE": `"2026-11-23T12:00:01.000Z"`, "DURATION": "3600.000000",
			"X-DATA": `"MQ=="`, "X-DATA-2": `"Mg=="`,
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("6.2.4: %s\n%s", rendition, diff)
		}
	}
	over(s.stream)
	if err := s.stream.Announce(pin("late", 0, 0, "")); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}

// TestTooManyCues: the oldest go, and are counted; data does not change for ever.
func TestTooManyCues(t *testing.T) {
	s := live(t)
	for i := range maxCues + 5 {
		announce(t, s, pin(fmt.Sprint("cue", i), time.Second, 0, ""))
	}
	for i := range maxData {
		announce(t, s, pin("cue100", time.Second, 0, fmt.Sprint(i)))
	}
	if err := s.stream.Announce(pin("cue100", time.Second, 0, `"more"`)); err == nil {
		t.Error("data can change without end")
	}
	s.parts(1)
	l := check(t, s.get(playlistPath).Body.String())
	if len(l.ranges) != maxCues || l.ranges[0]["ID"] != `"cue5"` {
		t.Errorf("%d date ranges from %s on", len(l.ranges), l.ranges[0]["ID"])
	}
	if n := testutil.ToFloat64(s.stream.writer.metrics.cuesDropped); n != 5 {
		t.Errorf("%v cues were dropped", n)
	}
}

// TestCueReachesWhoWaits: a reload that waits brings the cue with the next part.
func TestCueReachesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live(t)
		v := send(s, playlistPath+"?_HLS_msn=11&_HLS_part=2&_HLS_skip=v2")
		announce(t, s, pin("now", 21*time.Second, 0, `{}`))
		s.parts(1)
		synctest.Wait()
		if !v.done() || !strings.Contains(v.got.Body.String(), `ID="now"`) {
			t.Errorf("%d\n%s", v.got.Code, v.got.Body)
		}
	})
}

// ranged is a player that follows by delta updates, as hls.js does: it merges, and
// ignores what contradicts (6.3.7, 4.4.5.1).
type ranged struct {
	ranges map[string]map[string]string
}

func (p *ranged) read(t *testing.T, l listing) {
	t.Helper()
	if l.skip == nil {
		p.ranges = map[string]map[string]string{}
	} else if removed := unquote(l.skip["RECENTLY-REMOVED-DATERANGES"]); removed != "" {
		for id := range strings.SplitSeq(removed, "\t") {
			delete(p.ranges, id)
		}
	}
	for _, r := range l.ranges {
		id := unquote(r["ID"])
		known := p.ranges[id]
		if known == nil {
			known = map[string]string{}
			p.ranges[id] = known
		}
		for name, value := range r {
			if old, ok := known[name]; ok && old != value {
				t.Fatalf("4.4.5.1: %s of %s was %s, is %s", name, id, old, value)
			}
			known[name] = value
		}
	}
}

// TestDeltaUpdatesOfCues: whoever follows by _HLS_skip=v2 knows what the whole
// playlist says, and gets nothing twice that is older than the skip boundary
// (6.2.5.1).
func TestDeltaUpdatesOfCues(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := newSource(t, testOptions())
		s.parts(6 * 10)
		var follower ranged
		said := map[string]int64{}
		follower.read(t, check(t, s.get(playlistPath).Body.String()))
		for step := range 250 {
			end := time.Duration(s.grid.micros(s.next)) * time.Microsecond
			switch r.IntN(12) {
			case 0:
				c := pin(fmt.Sprint("cue", step), end+time.Duration(r.IntN(6000)-3000)*time.Millisecond, time.Duration(r.IntN(3))*5*time.Second, fmt.Sprint(step))
				announce(t, s, c)
				said[c.ID] = s.next
			case 1:
				for _, open := range s.stream.writer.cues.ranges {
					if c := open.cue; c.Duration == 0 && r.IntN(2) == 0 {
						c.Duration, c.Data = max(1, end-c.Start), json.RawMessage(fmt.Sprint(step))
						announce(t, s, c)
						said[c.ID] = s.next
					}
				}
			}
			s.parts(1)
			delta, errs := readListing(s.get(playlistPath + "?_HLS_skip=v2").Body.String())
			if len(errs) > 0 || delta.skip == nil || delta.version != "10" {
				t.Fatal(errs, delta.skip, delta.version)
			}
			for _, old := range delta.ranges {
				if age := s.next - said[unquote(old["ID"])]; age > delta.skipUntil*s.grid.fps+s.grid.part {
					t.Fatalf("6.2.5.1: %s was added %d frames ago", old["ID"], age)
				}
			}
			if follower.read(t, delta); step%5 > 0 {
				continue
			}
			full, want := check(t, s.get(playlistPath).Body.String()), ranged{}
			want.read(t, full)
			if diff := cmp.Diff(want.ranges, follower.ranges); diff != "" {
				t.Fatalf("seed %d, step %d: -full +followed\n%s", seed, step, diff)
			}
			if older, _ := readListing(s.get(playlistPath + "?_HLS_skip=YES").Body.String()); !slices.EqualFunc(older.ranges, full.ranges, maps.Equal) || older.version != "9" {
				t.Fatalf("6.2.5.1: _HLS_skip=YES left out date ranges")
			}
		}
	}
}

// TestCueData: the data arrives as it was.
func TestCueData(t *testing.T) {
	s := live(t)
	const data = `{"title":"Vase „bleu“, 30 €","url":"https://example.org/?a=b&c=\"d\""}`
	announce(t, s, pin("vase", 0, 0, data))
	s.parts(1)
	got := s.get(playlistPath, "Accept-Encoding", "identity")
	if got.Code != http.StatusOK {
		t.Fatal(got.Code)
	}
	l := check(t, got.Body.String())
	back, err := base64.StdEncoding.DecodeString(unquote(l.ranges[0]["X-DATA"]))
	if err != nil || string(back) != data {
		t.Errorf("%s, %v", back, err)
	}
}
