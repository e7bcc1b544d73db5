package transcode

import (
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

// TestGrid: times, timestamps and numbers of frames agree at every frame rate, also
// after days.
func TestGrid(t *testing.T) {
	for fps := 10; fps <= 60; fps++ {
		p := Program{FPS: fps, GOP: 2 * fps, Part: max(1, fps/3)}
		for _, from := range []int64{0, 1, int64(fps) * 86400 * 3} {
			for n := from; n < from+100; n++ {
				at := p.FrameTime(n)
				if p.FrameAt(at) != n || p.FrameAt(at-1) != n-1 || p.FrameOf(p.FramePTS(n)) != n {
					t.Fatalf("%d fps, frame %d at %v: FrameAt %d, FrameOf %d", fps, n, at, p.FrameAt(at), p.FrameOf(p.FramePTS(n)))
				}
				if p.Scheduled(n) && !p.Border(n) {
					t.Fatalf("%d fps: a GOP begins at %d and no part", fps, n)
				}
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	line := newTimeline(Program{FPS: 30, GOP: 60})
	line.begin(5 * time.Second)
	if line.frame != 120 || line.audio[0]%1024 != 0 || line.audio[1] != 4*48000 {
		t.Fatalf("begins at %d and %v, want the GOP border at 4 s", line.frame, line.audio)
	}
	aac := line.audio[0]
	for _, c := range []struct {
		p    Packet
		want bool
	}{
		{Packet{Track: Video, PTS: 119 * 3000}, false},
		{Packet{Track: Video, PTS: 120 * 3000}, true},
		{Packet{Track: Video, PTS: 120 * 3000}, false},
		{Packet{Track: Video, PTS: 125 * 3000}, true}, // late ticks were skipped
		{Packet{Track: Video, PTS: 124 * 3000}, false},
		{Packet{Track: AAC, PTS: aac - 1024}, false},
		{Packet{Track: AAC, PTS: aac}, true},
		{Packet{Track: AAC, PTS: aac}, false},
		{Packet{Track: Opus, PTS: 4 * 48000}, true},
		{Packet{Track: AAC, PTS: aac + 1024}, true},
	} {
		if got, err := line.accept(c.p); len(got) > 0 != c.want || err != nil {
			t.Errorf("%v at %d: accepted %v, %v", c.p.Track, c.p.PTS, got, err)
		}
	}
	if line.gaps != 0 {
		t.Errorf("%d gaps", line.gaps)
	}
	if _, err := line.accept(Packet{Track: Opus, PTS: 5 * 48000}); err != nil || line.gaps != 1 {
		t.Error("a gap was not noticed", err)
	}
}

// TestTimelineLadder: a frame goes on when all its rungs are there, and what a
// worker that died left of one is forgotten.
func TestTimelineLadder(t *testing.T) {
	line := newTimeline(Program{FPS: 30, GOP: 60, Ladder: make([]Rung, 2)})
	line.begin(0)
	rung := func(frame int64, i int) Packet { return Packet{Rung: i, PTS: frame * 3000, Key: frame == 0} }
	steps := []struct {
		p    Packet
		sent int // packets that go on
		next int64
	}{
		{rung(0, 0), 0, 0}, {rung(0, 1), 0, 0}, {rung(0, 2), 3, 1},
		{rung(0, 0), 0, 1}, // of a worker that was told too little
		{rung(1, 0), 0, 1},
		{Packet{Track: AAC, PTS: 0}, 1, 1},
		{rung(1, 1), 0, 1}, {rung(1, 2), 3, 2},
		{rung(2, 0), 0, 2}, {rung(2, 1), 0, 2},
	}
	for i, s := range steps {
		got, err := line.accept(s.p)
		if len(got) != s.sent || line.frame != s.next || err != nil {
			t.Fatalf("step %d: %d packets, next frame %d, %v; want %d and %d", i, len(got), line.frame, err, s.sent, s.next)
		}
		for k, p := range got {
			if p.Track == Video && (p.Rung != k || p.PTS != s.p.PTS) {
				t.Errorf("step %d: packet %d is of rung %d at %d", i, k, p.Rung, p.PTS)
			}
		}
	}
	line.forget()
	for _, p := range []Packet{rung(2, 0), rung(2, 1), rung(2, 2)} {
		if _, err := line.accept(p); err != nil {
			t.Fatal(err)
		}
	}
	if line.frame != 3 {
		t.Errorf("after the death of a worker in mid-frame the next frame is %d, want 3", line.frame)
	}
	for name, ps := range map[string][]Packet{
		"begins in the middle":         {rung(3, 1)},
		"leaves a rung out":            {rung(3, 0), rung(3, 2)},
		"says one twice":               {rung(3, 0), rung(3, 0)},
		"mixes frames":                 {rung(3, 0), rung(4, 1)},
		"has a keyframe in one alone":  {rung(3, 0), {Rung: 1, PTS: 9000, Key: true}},
		"has more rungs than it has":   {rung(3, 0), rung(3, 1), rung(3, 2), rung(4, 3)},
		"has sound in rungs":           {{Track: AAC, Rung: 1, PTS: 1 << 40}},
		"has a track that is not ours": {{Track: Opus + 1}},
	} {
		one := line
		one.whole = nil
		var err error
		for _, p := range ps {
			_, err = one.accept(p)
		}
		if err == nil {
			t.Errorf("a worker that %s was believed", name)
		}
	}
}

func unitOf(source uint16, kind media.Kind, flags uint8, n int) wire.Message {
	return wire.Message{Type: wire.AccessUnit, Source: source, Kind: uint8(kind), Flags: flags, Payload: make([]byte, n)}
}

// TestQueue: each track has its own bound; pictures are dropped up to a keyframe.
func TestQueue(t *testing.T) {
	q := newQueue()
	for i := range queueUnits {
		if !q.push(unitOf(1, media.Video, 0, 10)) {
			t.Fatalf("unit %d did not fit", i)
		}
	}
	if q.push(unitOf(1, media.Video, 0, 10)) {
		t.Error("the first drop was not reported")
	}
	if !q.push(unitOf(1, media.Video, 0, 10)) {
		t.Error("a further drop was reported too")
	}
	q.push(unitOf(1, media.Audio, wire.Key, 10))
	q.push(unitOf(2, media.Video, 0, 10))
	ms, _, err := q.take(nil)
	if len(ms) != queueUnits+2 || err != nil {
		t.Fatalf("%d messages, %v", len(ms), err)
	}
	q.push(unitOf(1, media.Video, 0, 10)) // its reference was dropped
	q.push(unitOf(1, media.Video, wire.Key, queueBytes))
	q.push(unitOf(1, media.Video, 0, 1)) // too many bytes
	if ms, _, _ = q.take(ms); len(ms) != 1 || ms[0].Flags != wire.Key {
		t.Errorf("%d messages after a gap, want the keyframe", len(ms))
	}
	if q.drops() != 4 {
		t.Errorf("%d drops", q.drops())
	}
	for range queueControl + 1 {
		q.push(wire.Message{Type: wire.Keyframe})
	}
	if _, _, err := q.take(nil); err == nil {
		t.Error("any number of commands was taken")
	}
	q.close()
	q.push(unitOf(3, media.Video, wire.Key, 1))
	if ms, closed, _ := q.take(nil); len(ms) != 0 || !closed {
		t.Error("a closed queue took something")
	}
}

// TestHistory: it holds a whole group of pictures, or nothing.
func TestHistory(t *testing.T) {
	var h history
	h.add(unitOf(1, media.Video, 0, 1))
	h.add(unitOf(1, media.Audio, wire.Key, 1))
	if len(h.units) != 0 {
		t.Error("kept what cannot be decoded")
	}
	h.add(unitOf(1, media.Video, wire.Key, 1))
	for range historyUnits - 1 {
		h.add(unitOf(1, media.Video, 0, 1))
	}
	if len(h.units) != historyUnits || h.units[5].Flags&wire.Replay == 0 {
		t.Errorf("%d units", len(h.units))
	}
	h.add(unitOf(1, media.Video, 0, 1))
	if len(h.units) != 0 {
		t.Error("kept half a group")
	}
	h.add(unitOf(1, media.Video, wire.Key, historyBytes))
	h.add(unitOf(1, media.Video, 0, 1))
	if len(h.units) != 0 || h.bytes != 0 {
		t.Error("kept too many bytes")
	}
}

func TestBackoff(t *testing.T) {
	for short, want := range []time.Duration{0, 0, 50, 100, 200, 400, 800, 1000, 1000} {
		if got := backoff(short); got != want*time.Millisecond {
			t.Errorf("after %d short lives %v, want %v ms", short, got, int64(want))
		}
	}
	if backoff(1<<30) != time.Second {
		t.Error("overflow")
	}
}

func TestTally(t *testing.T) {
	var c tally
	one := func(n uint64) Stats {
		return Stats{Frames: n, Late: n, Dropped: n, SourceStats: []SourceStats{{ID: "a", Errors: n}}}
	}
	c.add(one(5))
	if st := c.add(one(7)); st.Frames != 7 || st.SourceStats[0].Errors != 7 {
		t.Errorf("first worker: %+v", st)
	}
	c.retire()
	c.retire() // a worker that never spoke
	if st := c.add(one(2)); st.Frames != 9 || st.Late != 9 || st.Dropped != 9 || st.SourceStats[0].Errors != 9 {
		t.Errorf("after the second: %+v", st)
	}
}
