package returns

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/whip"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// seats pass what a person publishes on to the feed, as a stage does; a key is the
// person's name.
type seats struct{ s *stage }

func (a seats) Claim(o ingest.Offer) (ingest.Seat, error) {
	id := show.ParticipantID([]byte(o.Key))
	a.s.mu.Lock()
	a.s.publishers[id] = o.RequestKeyframe
	a.s.mu.Unlock()
	return ingest.Seat{Session: "studio", Participant: id, Role: show.Guest, Sink: sink{a.s.feed, id}}, nil
}

type sink struct {
	feed *Feed
	id   show.ParticipantID
}

func (k sink) SetTracks(tracks []media.Track) { k.feed.SetTracks(k.id, tracks) }
func (k sink) Write(au media.AccessUnit)      { k.feed.Write(k.id, au) }
func (k sink) Close(error)                    { k.feed.Gone(k.id) }

// seen is the page's state.
type seen struct {
	Spoken, Heard map[string][]float64
	Told          map[string][]string
	Ended         map[string]float64
	Offer         int
}

type inbound struct {
	Mid, Codec              string
	Decoded, Width, Freezes int
}

// TestBrowser: Chromium publishes as two people and has the return feeds of both: each
// sees and hears the other within a moment, and notices at once when it is removed.
func TestBrowser(t *testing.T) {
	s := newStage(t)
	publishers := whip.New(whip.Options{Door: ingest.NewDoor(ingest.DoorOptions{Seats: seats{s}}), Net: s.net})
	mux := http.NewServeMux()
	mux.Handle("/whip", publishers)
	mux.Handle("/whip/", publishers)
	mux.Handle("/api/", s.handler)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/page.html") })
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.Close(); publishers.Close() })
	page := rtctest.OpenPage(t, server.URL)
	s.everyone("ana", "bo")
	s.send("", 4)
	rtctest.Evaluate[any](t, page, "start()")
	for _, call := range []string{"publish('ana','red')", "publish('bo','blue')", "listen('ana')", "listen('bo')"} {
		rtctest.Evaluate[any](t, page, call)
	}
	state := func() seen { return rtctest.Evaluate[seen](t, page, "state") }
	waitFor(t, "ten words each way", func() bool {
		now := state()
		return len(now.Heard["ana"]) >= 10 && len(now.Heard["bo"]) >= 10
	})
	now := state()
	for _, way := range [][2]string{{"ana", "bo"}, {"bo", "ana"}} {
		var took []float64
		for _, heard := range now.Heard[way[1]] {
			i, exact := slices.BinarySearch(now.Spoken[way[0]], heard)
			if !exact {
				i--
			}
			if i >= 0 {
				took = append(took, heard-now.Spoken[way[0]][i])
			}
		}
		slices.Sort(took)
		t.Logf("mouth to ear from %s to %s: %.0f ms median, %.0f ms at most, of %d", way[0], way[1], 1000*took[len(took)/2], 1000*took[len(took)-1], len(took))
		for _, who := range way {
			pictures := rtctest.Evaluate[[]inbound](t, page, "stats('"+who+"')")
			if len(pictures) != 2 || pictures[0].Mid != "0" || pictures[1].Mid != "12" {
				t.Errorf("%s sees %+v, want one person in section 0 and the program in 12", who, pictures)
				continue
			}
			if p := pictures[0]; p.Codec != "video/H264" || p.Decoded < 50 {
				t.Errorf("%s sees %+v of the other", who, p)
			}
		}
		if told := now.Told[way[1]]; len(told) == 0 || !strings.Contains(told[len(told)-1], `"slots":[{"slot":0,"participant":"`+way[0]+`"}]`) {
			t.Errorf("%s is told %q", way[1], told)
		}
	}
	if now.Offer > 100<<10 {
		t.Errorf("an offer has %d bytes, of 128 KiB that are read", now.Offer)
	}
	t.Logf("an offer has %d bytes", now.Offer)

	before := rtctest.Evaluate[float64](t, page, "performance.now()")
	s.feed.Remove("bo", errors.New("the host removed you"))
	waitFor(t, "the end", func() bool { return state().Ended["bo"] > 0 })
	now = state()
	if last := now.Told["bo"][len(now.Told["bo"])-1]; last != `{"type":"removed","reason":"the host removed you"}` {
		t.Errorf("a removed person is told %q", last)
	}
	t.Logf("a removed person notices after %.0f ms", now.Ended["bo"]-before)
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * rtctest.Patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}
