package whep

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/time/rate"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// message is any that a viewer hears, read as both that there are.
type message struct {
	cueMessage
	renditions renditionsMessage
}

// hear waits for a message of a type.
func hear(t *testing.T, c *rtctest.Client, kind string) message {
	t.Helper()
	for late := time.After(rtctest.Patience); ; {
		select {
		case text := <-c.Messages:
			var m message
			err := errors.Join(json.Unmarshal([]byte(text), &m.cueMessage), json.Unmarshal([]byte(text), &m.renditions))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if m.Type == kind {
				return m
			}
		case <-c.Hangup:
			t.Fatal("the channel was closed")
		case <-late:
			t.Fatalf("no message of type %s came", kind)
		}
	}
}

// TestCues: who is there hears of a cue at once, who joins of those that are
// current, and both with the RTP time of the picture that it belongs to.
func TestCues(t *testing.T) {
	s := newStand(t)
	start := 1234567 * time.Microsecond
	pin := show.Cue{ID: "pin-1", Class: "com.regie.pin", Start: start, Data: json.RawMessage(`{"price":"9 €"}`)}
	over := show.Cue{ID: "old", Class: "com.regie.pin", Duration: time.Millisecond}
	s.feed.opts.Epoch = s.feed.opts.Epoch.Add(-2 * lingers) // the session has been on for a while
	for _, c := range []show.Cue{over, pin} {
		if err := s.feed.Announce(c); err != nil {
			t.Fatal(err)
		}
	}
	check := func(m message, duration float64) {
		t.Helper()
		if want := s.feed.clock.offset[media.Video] + 111111; m.RTP != want || m.ID != "pin-1" || m.Class != "com.regie.pin" || m.Duration != duration {
			t.Errorf("%+v, want RTP time %d", m.cueMessage, want)
		}
		if at, err := time.Parse(time.RFC3339, m.Start); err != nil || at.Sub(s.feed.opts.Epoch.Add(start)).Abs() > time.Millisecond {
			t.Errorf("starts at %q (%v), want %v", m.Start, err, s.feed.opts.Epoch.Add(start))
		}
		if string(m.Data) != `{"price":"9 €"}` {
			t.Errorf("data %s", m.Data)
		}
	}
	c, sc := s.view(rtctest.Options{Channel: talkLabel})
	check(hear(t, c, "cue"), 0) // and not the one that was over
	sc.wait(t, "program", pictures(5))
	pin.Duration = 2 * lingers
	if err := s.feed.Announce(pin); err != nil {
		t.Fatal(err)
	}
	check(hear(t, c, "cue"), 60)
	moved := pin
	moved.Start++
	for what, bad := range map[string]show.Cue{"moved": moved, "invalid": {ID: "?"}} {
		if err := s.feed.Announce(bad); err == nil {
			t.Errorf("a cue that is %s is announced", what)
		}
	}
	if n := testutil.ToFloat64(s.feed.opts.Metrics.channels); n != 1 {
		t.Errorf("%g channels", n)
	}
	s.feed.Close()
	if err := s.feed.Announce(pin); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
	if n := testutil.ToFloat64(s.feed.opts.Metrics.channels); n != 0 {
		t.Errorf("%g channels after the end", n)
	}
}

// TestChooseByChannel: a viewer hears what there is and what it gets, chooses, and
// gives the choice back.
func TestChooseByChannel(t *testing.T) {
	s := newStand(t)
	c, sc := s.view(rtctest.Options{Channel: talkLabel})
	m := hear(t, c, "renditions").renditions
	if len(m.Renditions) != 2 || m.Renditions[1] != (rendition{"360p", 640, 360, 700}) || m.Using != "720p" || m.Chosen != "auto" {
		t.Errorf("%+v", m)
	}
	sc.wait(t, "program", pictures(10))
	for _, step := range []struct{ choose, using string }{{"360p", "360p"}, {"720p", "720p"}, {"auto", "720p"}} {
		if err := c.Channel.SendText(`{"type":"choose","rendition":"` + step.choose + `"}`); err != nil {
			t.Fatal(err)
		}
		for m := (renditionsMessage{}); m.Using != step.using || m.Chosen != step.choose; m = hear(t, c, "renditions").renditions {
		}
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.gaps != 0 || sc.skipped > 100*time.Millisecond {
		t.Errorf("%d holes in the numbers, %v skipped", sc.gaps, sc.skipped)
	}
}

// TestGarbage: a viewer who says what makes no sense, or too much, loses its
// channel and nothing else; so do channels that are not ours.
func TestGarbage(t *testing.T) {
	s := newStand(t)
	closed := func(why string) float64 {
		return testutil.ToFloat64(s.feed.opts.Metrics.talksClosed.WithLabelValues(why))
	}
	text := func(said ...string) func(*webrtc.DataChannel) error {
		return func(dc *webrtc.DataChannel) (err error) {
			for _, s := range said {
				err = errors.Join(err, dc.SendText(s))
			}
			return err
		}
	}
	choose := `{"type":"choose","rendition":"auto"}`
	for name, tc := range map[string]struct {
		label string
		say   func(*webrtc.DataChannel) error
		why   string
	}{
		"no JSON":          {talkLabel, text("hello"), garbage},
		"another type":     {talkLabel, text(`{"type":"shout"}`), garbage},
		"no rendition":     {talkLabel, text(`{"type":"choose"}`), garbage},
		"unknown":          {talkLabel, text(choose, `{"type":"choose","rendition":"4k"}`), garbage},
		"long":             {talkLabel, text(strings.Repeat(" ", maxSaid) + choose), garbage},
		"binary":           {talkLabel, func(dc *webrtc.DataChannel) error { return dc.Send([]byte(choose)) }, garbage},
		"too many":         {talkLabel, text(choose, choose, choose, choose, choose, choose, choose, choose), flood},
		"not our business": {"chat", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := closed(garbage) + closed(flood)
			c, sc := s.view(rtctest.Options{Channel: tc.label})
			sc.wait(t, "program", pictures(5))
			if tc.say != nil {
				hear(t, c, "renditions")
				if err := tc.say(c.Channel); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-c.Hangup:
			case <-time.After(rtctest.Patience):
				t.Fatal("the channel is left open")
			}
			sc.wait(t, "program without the channel", pictures(sc.count()+20))
			if after := closed(garbage) + closed(flood); tc.why != "" && (after != before+1 || closed(tc.why) == 0) {
				t.Errorf("not counted as %s", tc.why)
			}
		})
	}
}

// deaf is a channel whose other end reads nothing.
type deaf struct {
	held   uint64
	writes int
	closed bool
}

func (d *deaf) ReadDataChannel([]byte) (int, bool, error) { panic("not used") }
func (d *deaf) WriteDataChannel(b []byte, _ bool) (int, error) {
	d.held += uint64(len(b))
	d.writes++
	return len(b), nil
}
func (d *deaf) Close() error { d.closed = true; return nil }

// TestBoard: as many cues as may be current reach one who joins, in order; one who
// reads nothing is let go, and costs no more than that.
func TestBoard(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	f := NewFeed(Options{Net: n, BasePath: "/live/a/", Rungs: threeRungs})
	defer func() { f.Close(); _ = n.Close() }()
	b := newBoard() // nobody tells but the test
	post := func(i int) error {
		c := show.Cue{ID: fmt.Sprint(i), Class: "com.regie.pin", Start: time.Duration(i) * time.Second}
		return b.post(c, make([]byte, show.MaxCueData+400), time.Duration(i)*time.Second)
	}
	for i := range maxCues {
		if err := post(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := post(maxCues); !errors.Is(err, errTooMany) {
		t.Errorf("announced faster than they can be told: %v", err)
	}
	b.tell()
	if err := post(maxCues); err != nil {
		t.Error(err)
	}
	b.tell()
	if len(b.cues) != maxCues || b.cues[0].cue.ID != "1" {
		t.Errorf("%d cues are kept, from %s on", len(b.cues), b.cues[0].cue.ID)
	}
	d := &deaf{}
	k := &talk{viewer: newViewer(f, "x", -1), pipe: d, buffered: func() uint64 { return d.held }, limit: rate.NewLimiter(1, 1)}
	b.join(k, 0)
	if d.closed || d.writes != 1+maxCues {
		t.Fatalf("%d messages to one who joins, closed: %v", d.writes, d.closed)
	}
	for i := range 100 {
		if err := post(1000 + i); err != nil {
			t.Fatal(err)
		}
		b.tell()
	}
	if !d.closed || d.held > maxUnsent+4096 {
		t.Errorf("one who reads nothing is sent %d bytes, closed: %v", d.held, d.closed)
	}
	if got := testutil.ToFloat64(f.opts.Metrics.talksClosed.WithLabelValues(slow)); got != 1 {
		t.Errorf("%g channels are counted as slow", got)
	}
}

func FuzzChosen(f *testing.F) {
	for _, s := range []string{`{"type":"choose","rendition":"360p"}`, `{"type":"choose","rendition":"auto"}`, `{"type":"choose"}`, `[]`, "\x00"} {
		f.Add([]byte(s))
	}
	feed := &Feed{opts: Options{Rungs: threeRungs}}
	f.Fuzz(func(t *testing.T, b []byte) {
		if rung, ok := feed.chosen(b); ok && (rung < -1 || rung >= len(threeRungs)) {
			t.Errorf("%q chooses rung %d", b, rung)
		}
	})
}
