package steer

import (
	"testing"
	"time"
)

// moment is a second of a viewer's link.
type moment struct {
	lost float64
	rtt  time.Duration
	want int // rung after it
}

func repeat(n int, m moment) (list []moment) {
	for range n {
		list = append(list, m)
	}
	return list
}

// TestSteer goes through a link's life second by second.
func TestSteer(t *testing.T) {
	const ms = time.Millisecond
	quiet := func(want int) moment { return moment{0.01, 40 * ms, want} }
	for name, link := range map[string][][]moment{
		"a quiet link keeps the best":      {repeat(300, quiet(0))},
		"losses that are repaired":         {repeat(300, moment{0.06, 40 * ms, 0})},
		"one bad second":                   {{quiet(0), {0.15, 40 * ms, 0}, quiet(0), {0.15, 40 * ms, 0}, quiet(0)}},
		"two bad seconds":                  {{quiet(0), {0.15, 40 * ms, 0}, {0.15, 40 * ms, 1}}},
		"heavy loss":                       {{quiet(0), {0.4, 40 * ms, 1}}},
		"it does not end":                  {{quiet(0), {0.4, 40 * ms, 1}, {0.4, 40 * ms, 1}}, repeat(1, moment{0.4, 40 * ms, 2}), repeat(20, moment{0.4, 40 * ms, 2})},
		"packets pile up":                  {repeat(5, quiet(0)), {{0, 300 * ms, 0}, {0, 500 * ms, 1}}},
		"a long way is no queue":           {repeat(300, moment{0, 400 * ms, 0})},
		"jitter is no queue":               {repeat(3, quiet(0)), {{0, 190 * ms, 0}, {0, 60 * ms, 0}, {0, 180 * ms, 0}, {0, 170 * ms, 0}}},
		"up again after five calm seconds": {{quiet(0), {0.4, 40 * ms, 1}}, repeat(5, quiet(1)), repeat(60, quiet(0))},
		"from the lowest, one at a time": {{quiet(0), {0.4, 40 * ms, 1}, {0.1, 40 * ms, 1}, {0.4, 40 * ms, 2}},
			repeat(5, quiet(2)), repeat(5, quiet(1)), repeat(9, quiet(0))},
		// 5 s of calm, then 10, then 20: each that fails makes the next wait longer.
		"an attempt that fails": {{quiet(0), {0.4, 40 * ms, 1}},
			repeat(5, quiet(1)), {quiet(0), quiet(0), {0.4, 40 * ms, 1}},
			repeat(10, quiet(1)), {quiet(0), quiet(0), {0.4, 40 * ms, 1}},
			repeat(20, quiet(1)), repeat(30, quiet(0))},
	} {
		t.Run(name, func(t *testing.T) {
			s, now, n := New(0, 3), time.Unix(1e9, 0), 0
			for _, phase := range link {
				for _, m := range phase {
					before := s.rung
					changed := s.Report(now, m.lost, m.rtt)
					if s.rung != m.want || changed != (s.rung != before) {
						t.Fatalf("second %d: rung %d (changed: %v), want %d", n, s.rung, changed, m.want)
					}
					now = now.Add(time.Second)
					n++
				}
			}
		})
	}
}

// TestSteerByRepairs: what a viewer asks for again shows a link that breaks down
// well before its next report.
func TestSteerByRepairs(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(0, 2)
	for range 50 { // five seconds of losses that can be repaired
		if now = now.Add(100 * time.Millisecond); s.Repairs(now, 25, 2) {
			t.Fatal("a loss of 8 % is heavy")
		}
	}
	broke := now
	for !s.Repairs(now, 25, 10) {
		if now = now.Add(50 * time.Millisecond); now.Sub(broke) > time.Second {
			t.Fatal("a loss of 40 % is not noticed")
		}
	}
	if took := now.Sub(broke); took > 300*time.Millisecond {
		t.Errorf("noticed after %v", took)
	}
	// Repairs hide losses from the report, and the report is told of them.
	s = New(0, 2)
	s.Repairs(now, 0, 0)
	for range 2 {
		s.Repairs(now.Add(10*time.Millisecond), 100, 12)
		s.Report(now, 0.01, 0)
		now = now.Add(time.Second)
	}
	if s.rung != 1 {
		t.Error("a link that needs every eighth packet twice keeps its rung")
	}
	// A handful of packets proves nothing.
	s = New(0, 2)
	s.Repairs(now, 0, 0)
	if s.Repairs(now.Add(time.Second), fewPackets-1, fewPackets-1) {
		t.Error("went down for a few packets")
	}
}

// FuzzSteer: whatever comes, the rung exists.
func FuzzSteer(f *testing.F) {
	f.Add([]byte{1, 200, 3, 255, 0, 9, 128})
	f.Fuzz(func(t *testing.T, in []byte) {
		s, now := New(0, 3), time.Unix(1e9, 0)
		for i := 0; i+3 < len(in); i += 4 {
			now = now.Add(time.Duration(in[i]) * 20 * time.Millisecond)
			before := s.rung
			s.Repairs(now, int(in[i+1]), int(in[i+2]))
			s.Report(now, float64(in[i+2])/255, time.Duration(in[i+3])*4*time.Millisecond)
			if s.rung < 0 || s.rung > 2 || s.rung > before+1 || s.rung < before-1 || s.wait < calmFirst || s.wait > calmMost {
				t.Fatalf("rung %d after %d, waits %v", s.rung, before, s.wait)
			}
		}
	})
}
