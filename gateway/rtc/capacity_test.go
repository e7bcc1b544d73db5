package rtc

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/show"
)

func TestCapacity(t *testing.T) {
	type entry struct {
		side  Side
		costs []int
		busy  bool
		cost  int
		full  Reason
	}
	view := func(cost int, full Reason, costs ...int) entry {
		return entry{side: Viewer, costs: costs, cost: cost, full: full}
	}
	for name, tc := range map[string]struct {
		limits  capacity
		entries []entry
	}{
		"no limit":   {capacity{}, []entry{view(2500, "", 2500), view(2500, "", 2500), view(0, "")}},
		"no viewers": {capacity{maxViewers: NoViewers, maxPublishers: 1}, []entry{view(0, FullViewers, 1), {side: Publisher}}},
		"two viewers": {capacity{maxViewers: 2, maxPublishers: 1}, []entry{
			view(1, "", 1), {side: Publisher}, view(1, "", 1), view(0, FullViewers, 1), {side: Publisher, full: FullStage},
		}},
		"a line of 6 Mbit/s": {capacity{maxKbps: 6000}, []entry{
			view(2500, "", 2500, 700), view(2500, "", 2500, 700), view(700, "", 2500, 700), view(0, FullBandwidth, 2500, 700), view(0, FullBandwidth, 2500), view(100, "", 100),
		}},
		"busy": {capacity{maxPublishers: 1}, []entry{
			{side: Viewer, costs: []int{1}, busy: true, full: FullLoad}, {side: Publisher, busy: true}, view(1, "", 1),
		}},
	} {
		c := tc.limits
		for i, e := range tc.entries {
			if cost, full := c.enter(e.side, e.costs, e.busy); cost != e.cost || full != e.full {
				t.Errorf("%s: entry %d: %d %q, want %d %q", name, i, cost, full, e.cost, e.full)
			}
		}
		for _, e := range tc.entries {
			if e.full == "" {
				c.leave(e.side, e.cost)
			}
		}
		if c != tc.limits {
			t.Errorf("%s: when all have left: %+v", name, c)
		}
	}
}

// TestPulse: a sender that is busy most of the time, or behind, closes the door for
// a while.
func TestPulse(t *testing.T) {
	const frame = 33 * time.Millisecond
	for name, tc := range map[string]struct {
		work       time.Duration // on every frame
		wake       time.Duration // until it begins
		warm, full bool
	}{
		"idle":                       {work: 3 * time.Millisecond},
		"near":                       {work: 22 * time.Millisecond, warm: true},
		"too much":                   {work: 29 * time.Millisecond, warm: true, full: true},
		"more than there is time":    {work: 50 * time.Millisecond, warm: true, full: true},
		"no processor when it wants": {work: 3 * time.Millisecond, wake: 28 * time.Millisecond, warm: true, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			n := testNet(t, Config{})
			p := n.NewPulse()
			now := time.Unix(1e9, 0)
			free := now
			for due := now; due.Before(now.Add(5 * time.Second)); due = due.Add(frame) {
				if start := due.Add(tc.wake); free.Before(start) {
					free = start
				}
				free = free.Add(tc.work)
				p.Busy(due, free)
			}
			if n.busy.warm(free) != tc.warm || n.busy.is(free) != tc.full {
				t.Errorf("near: %v, full: %v; the share is %v", n.busy.warm(free), n.busy.is(free), testutil.ToFloat64(n.metrics.busy))
			}
			if n.busy.is(free.Add(calm)) {
				t.Error("full for ever")
			}
		})
	}
}

// TestAdmission goes through the door: who is let in, at what cost, and what becomes
// of it when they leave.
func TestAdmission(t *testing.T) {
	n := testNet(t, Config{MaxMbps: 4})
	enter := func(costs ...int) (*Peer, error) {
		c := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio}})
		offer, err := ReadOffer(c.Offer(), Viewer)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := n.NewPeer(offer, PeerOptions{Side: Viewer, Role: show.Viewer, Costs: costs})
		return p, err
	}
	refused := func(why Reason, costs ...int) {
		t.Helper()
		_, err := enter(costs...)
		if full := (*FullError)(nil); !errors.As(err, &full) || full.Reason != why || full.RetryAfter == 0 || full.Error() == "" {
			t.Errorf("%v, want %v", err, why)
		}
		if testutil.ToFloat64(n.metrics.refusals.WithLabelValues(string(why))) == 0 {
			t.Errorf("a refusal for %v is not counted", why)
		}
	}
	first, err := enter(2500, 700)
	if err != nil || first.Cost() != 2500 {
		t.Fatal(err)
	}
	second, err := enter(2500, 700)
	if err != nil || second.Cost() != 700 {
		t.Fatal(err, "the second viewer does not get the smaller one")
	}
	refused(FullBandwidth, 2500)
	if second.Move(2500) || second.Cost() != 700 {
		t.Error("the second viewer moves up without room")
	}
	if !first.Move(700) || !second.Move(2500) {
		t.Error("they cannot change places")
	}
	n.Dropped(time.Now())
	refused(FullLoad, 1)
	if first.Move(800) || !first.Move(600) {
		t.Error("under load a viewer moves up, or not down")
	}
	n.busy.until.Store(0)
	if third, err := enter(300, 100); err != nil || third.Cost() != 100 {
		t.Error("near the load a viewer gets the dearest:", err)
	}
	n.busy.near.Store(0)
	for _, p := range []*Peer{first, second} {
		p.Close(ErrLeft)
	}
	deadline := time.Now().Add(rtctest.Patience)
	for left := -1; left != 1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d viewers are left", left)
		}
		n.mu.Lock()
		left = n.capacity.viewers
		n.mu.Unlock()
		<-time.After(5 * time.Millisecond)
	}
	if p, err := enter(3000); err != nil || p.Cost() != 3000 || first.Move(1) {
		t.Error("what those who left took is not free:", err)
	}
	if all := []Reason{FullViewers, FullBandwidth, FullLoad, FullStage}; slices.ContainsFunc(all, func(r Reason) bool { return (&FullError{Reason: r}).Error() == "" }) {
		t.Error("a reason has no words")
	}
}
