package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// cueTolerance is how far from its picture a cue may be shown.
const cueTolerance = 200

// TestCues: what an operator announces for a moment is shown with the picture of
// that moment, to viewers of LL-HLS and of real time, whose pictures are more than
// a second apart.
func TestCues(t *testing.T) {
	a := start(t, setup{})
	timed := looks[0]
	timed.clock, timed.w, timed.h = true, 640, 360
	a.publish(overRTMP, "studio", "host", timed)
	reference := a.live("studio")
	b := startBrowser(t)
	pages := map[string]*tab{"llhls": b.open(a.url("/s/studio")), "whep": b.open(a.url("/s/studio"))}
	for _, p := range pages {
		p.playing(20*time.Second, 30)
	}
	evaluate[bool](pages["whep"], `document.querySelector('button.real-time').click(), true`)
	eventually(t, 10*time.Second, "the second page is in real time", func() bool {
		return evaluate[bool](pages["whep"], `document.querySelector('video').srcObject instanceof MediaStream && document.querySelector('video').readyState >= 2`)
	})
	for _, p := range pages {
		p.playing(20*time.Second, 60)
	}

	const cues = 4
	starts := map[string]time.Time{}
	for i := range cues {
		at := time.Now().Add(time.Second + time.Duration(i)*700*time.Millisecond) // so that two are shown at a time
		c := a.cue("studio", fmt.Sprintf(`{"id": "note-%d", "class": "com.regie.message", "start": %q, "duration": 1, "data": {"text": "Note %d"}}`,
			i, at.Format(time.RFC3339Nano), i))
		starts[c.ID] = c.Start
	}
	for name, p := range pages {
		var s seen
		for deadline := time.Now().Add(15 * time.Second); len(s.Cues) < 2*cues; s = p.seen() {
			if time.Now().After(deadline) {
				t.Fatalf("%s shows and takes away %d cues: %v", name, cues, s.Cues)
			}
			p.playing(10*time.Second, 5)
		}
		for _, c := range s.Cues {
			at := starts[c.ID]
			if c.Ended {
				at = at.Add(time.Second)
			}
			off := c.Clock - float64(reference.clockAt(at).UnixMilli()%(1<<32))
			figure(t, fmt.Sprintf("cue.%s.%s.ended_%v", name, c.ID, c.Ended), off, "ms")
			if off < -cueTolerance || off > cueTolerance {
				t.Errorf("%s: %s (ended: %v) came %v ms from its picture", name, c.ID, c.Ended, off)
			}
		}
		p.noErrors()
	}
	status, body, _ := send(t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/studio/cues", "application/json", `{"class": "note"}`, nil)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a cue of no class: %d %s", status, body)
	}
}

// clockAt is the time in the first picture that belongs to a moment of the program.
func (p *player) clockAt(at time.Time) time.Time {
	p.t.Helper()
	ms, err := strconv.ParseInt(p.epoch, 36, 64) // when program time 0 was
	if err != nil {
		p.t.Fatal(err)
	}
	var clock time.Time
	p.await(10*time.Second, "the program comes to "+at.String(), func() bool {
		for _, m := range p.seen {
			if !time.UnixMilli(ms).Add(m.pts).Before(at) {
				clock = m.clock
				return true
			}
		}
		return false
	})
	return clock
}

// cueAnswer is what the appliance made of a cue.
type cueAnswer struct {
	ID    string
	Start time.Time
}

func (a *appliance) cue(session, document string) (c cueAnswer) {
	a.t.Helper()
	status, body, _ := send(a.t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/"+session+"/cues", "application/json", document, nil)
	if status != http.StatusCreated {
		a.t.Fatalf("the cue %s was not taken: %d %s", document, status, body)
	}
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		a.t.Fatal(err)
	}
	return c
}
