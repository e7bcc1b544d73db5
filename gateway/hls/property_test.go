package hls

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/transcode"
)

// TestAnyProgram feeds programs with everything that can go wrong in an encoder:
// lost frames, lost keyframes, forced keyframes, gaps, other parameters, late or
// missing sound. Whatever happens, every playlist must be legal and follow from
// the one before, and the media must last as long as the playlist says.
func TestAnyProgram(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			pick := func(v ...int) int { return v[r.IntN(len(v))] }
			o := testOptions()
			o.FPS = pick(10, 13, 24, 25, 30, 48, 50, 59, 60)
			o.Segment = time.Duration(pick(1000, 2000, 2000, 2500, 4000)) * time.Millisecond
			o.Part = min(o.Segment, time.Duration(pick(100, 200, 333, 500, 1000, 1500))*time.Millisecond)
			o.Window = time.Duration(pick(6, 12, 30)) * time.Second
			s := newSource(t, o)
			s.lag = time.Duration(pick(0, 20, 80)) * time.Millisecond
			w := &watcher{t: t, source: s}
			for range 25 * o.FPS {
				trouble(s, r)
				w.look()
			}
			over(s.stream)
			w.look()
			if !w.last.ended || w.segments < 2 {
				t.Errorf("%d segments, ended: %v", w.segments, w.last.ended)
			}
		})
	}
}

// trouble writes one frame, or does worse.
func trouble(s *source, r *rand.Rand) {
	due := s.next%s.grid.segment == 0
	switch n := r.IntN(1000); {
	case n < 50: // a tick skipped: even the scheduled keyframe may be missing
		s.next++
	case n < 55: // a short gap, the worker keeps its encoder
		s.next += r.Int64N(2 * s.grid.part)
	case n < 58: // a new worker
		s.skip(r.IntN(3 * int(s.grid.segment)))
		s.frame(true)
	case n < 60:
		s.sps = map[string]string{spsSmall: spsLarge, spsLarge: spsSmall}[s.sps]
		s.frame(true)
	case n < 62: // the encoder forgets
		s.frame(false)
	case n < 80:
		s.frame(true)
	case n < 85:
		s.sound += r.Int64N(30)
		s.frame(due)
	default:
		s.frame(due)
	}
}

// watcher is a viewer who reads everything.
type watcher struct {
	t        testing.TB
	source   *source
	seen     *snapshot
	last     listing
	segments int
	position // newest part whose media was checked
	started  bool
	videoEnd int64 // where the part before ended, in ticks
	gap      bool  // the part before was one
}

// look reads the playlist if it is new, and all media that is new in it.
func (w *watcher) look() {
	now := w.source.stream.current.Load()
	if now == w.seen || now.newest.part < 0 {
		return
	}
	w.seen = now
	l := check(w.t, w.body(playlistPath+fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d", now.newest.msn, now.newest.part)))
	if w.last.target != 0 {
		l.follows(w.t, w.last)
	}
	w.checkDelta(l, now)
	w.last = l
	for i, s := range l.segments {
		msn := l.sequence + uint64(i)
		for n, p := range s.parts {
			if at := (position{msn, n}); !w.started || w.position.before(at) {
				if p.gap {
					w.checkGap(s, p)
				} else {
					w.checkPart(s, p, n == 0)
				}
				w.position, w.started, w.gap = at, true, p.gap
			}
		}
		if s.uri != "" && len(s.parts) > 0 && i >= len(l.segments)-2 && n1(s.parts) == w.position.part && msn == w.position.msn {
			if !s.gap {
				w.checkWhole(s)
			}
			w.segments++
		}
	}
}

func n1(parts []listedPart) int { return len(parts) - 1 }

func (w *watcher) body(path string) string {
	w.t.Helper()
	got := w.source.get(path)
	if got.Code != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", path, got.Code, got.Body)
	}
	return got.Body.String()
}

// checkDelta: what a delta update leaves out, a player that held the playlist
// before can put back (6.2.5.1).
func (w *watcher) checkDelta(full listing, now *snapshot) {
	if now.ended {
		return
	}
	delta, errs := readListing(w.body(playlistPath + fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d&_HLS_skip=v2", now.newest.msn, now.newest.part)))
	if len(errs) > 0 {
		w.t.Fatal(errs)
	}
	if rest := full.segments[delta.skipped:]; delta.skipped > 0 {
		// The EXT-X-MAP of the first that is left may stand before a skipped one.
		rest[0].init = delta.segments[0].init
		if diff := cmp.Diff(rest, delta.segments, cmp.AllowUnexported(listedSegment{}, listedPart{})); diff != "" {
			w.t.Fatalf("6.2.5.1: -full +delta\n%s", diff)
		}
	}
	kept := int64(0)
	for _, s := range delta.segments {
		kept += s.micros
	}
	if delta.skipped > 0 && kept < delta.skipUntil*1e6 {
		w.t.Fatalf("6.2.5.1: a delta update of %d µs skips what is nearer than %d s", kept, delta.skipUntil)
	}
}

// checkGap: nothing of a gap is there (6.2.1).
func (w *watcher) checkGap(s listedSegment, p listedPart) {
	w.t.Helper()
	if !s.gap || s.uri == "" || p.independent {
		w.t.Fatalf("4.4.4.7: a gap in %+v", s)
	}
	for _, uri := range []string{s.uri, p.uri} {
		if got := w.source.get("180p/" + uri); got.Code != http.StatusNotFound {
			w.t.Fatalf("6.2.1: %d for %s, which is a gap", got.Code, uri)
		}
	}
}

// checkPart: the media says what the playlist says.
func (w *watcher) checkPart(s listedSegment, p listedPart, first bool) {
	w.t.Helper()
	var parts fmp4.Parts
	if err := parts.Unmarshal([]byte(w.body("180p/" + p.uri))); err != nil {
		w.t.Fatalf("%s: %v", p.uri, err)
	}
	if len(parts) != 1 || parts[0].Tracks[0].ID != videoTrack {
		w.t.Fatalf("%s: one moof with pictures first, got %d", p.uri, len(parts))
	}
	video := parts[0].Tracks[0]
	ticks := int64(0)
	for _, sample := range video.Samples {
		if sample.Duration == 0 {
			w.t.Fatalf("%s: a picture that lasts no time", p.uri)
		}
		ticks += int64(sample.Duration)
	}
	start := int64(video.BaseTime)
	if first && !s.discontinuity || !first {
		if w.started && start != w.videoEnd && !(w.gap && start > w.videoEnd) {
			w.t.Fatalf("%s: starts at %d, the part before ended at %d", p.uri, start, w.videoEnd)
		}
	}
	w.videoEnd = start + ticks
	if off := ticks*1_000_000/transcode.VideoClock - p.micros; off < -12 || off > 12 { // one tick
		w.t.Fatalf("%s: media lasts %d ticks, the playlist says %d µs", p.uri, ticks, p.micros)
	}
	if p.independent == video.Samples[0].IsNonSyncSample {
		w.t.Fatalf("4.4.4.9: %s: INDEPENDENT is %v", p.uri, p.independent)
	}
	if date := testEpoch.Add(time.Duration(start) * time.Second / transcode.VideoClock); first && date.Sub(s.date).Abs() > time.Millisecond {
		w.t.Fatalf("4.4.4.6: %s starts at %v, the playlist says %v", p.uri, date, s.date)
	}
	w.checkSound(p.uri, parts[0])
}

// checkSound: each packet is where its number says.
func (w *watcher) checkSound(uri string, p *fmp4.Part) {
	if len(p.Tracks) == 1 {
		return
	}
	at := int64(p.Tracks[1].BaseTime)
	for _, sample := range p.Tracks[1].Samples {
		if want := fmt.Sprintf("sound %d", at/aacSamples); string(sample.Payload) != want || at%aacSamples != 0 {
			w.t.Fatalf("%s: %q at %d", uri, sample.Payload, at)
		}
		at += int64(sample.Duration)
	}
	if late := at*transcode.VideoClock - (w.videoEnd+transcode.VideoClock)*transcode.AudioClock; late > 0 {
		w.t.Fatalf("%s: sound runs ahead of its picture", uri)
	}
}

// checkWhole: a segment is its parts.
func (w *watcher) checkWhole(s listedSegment) {
	var parts []byte
	for _, p := range s.parts {
		parts = append(parts, w.body("180p/"+p.uri)...)
	}
	if !bytes.Equal(parts, []byte(w.body("180p/"+s.uri))) {
		w.t.Fatalf("%s is not its parts", s.uri)
	}
	if s.init != "" && !strings.Contains(w.body("180p/"+s.init), "moov") {
		w.t.Fatalf("%s: no moov", s.init)
	}
}
