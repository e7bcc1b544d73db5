package whep

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

var threeRungs = []transcode.Rung{{Width: 1280, Height: 720, Kbps: 2500}, {Width: 640, Height: 360, Kbps: 700}, {Width: 320, Height: 180, Kbps: 250}}

// TestTurns moves viewers between rungs at random, drops pictures, and asks for
// repairs all the time. Every viewer sees one picture for every moment, whole and
// of one rung, in order, and changes rungs at keyframes only; wire checks that the
// numbers have no hole and that repairs are exact.
func TestTurns(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	fd := NewFeed(Options{Net: n, BasePath: "/live/a/", Rungs: threeRungs})
	defer func() { fd.Close(); _ = n.Close() }()
	k := newWorker(fd) // does not run
	var viewers []*viewer
	var wires []*pictureWire
	for range 4 {
		s, w := bound(t, media.Video)
		v := newViewer(fd, "x", -1)
		p := &pictureWire{wire: w, rung: -1}
		s.Redirect(p)
		v.video = s
		k.add(v)
		viewers, wires = append(viewers, v), append(wires, p)
	}
	feeds := make([]feedOf, len(threeRungs))
	var h rtp.Header
	turns := 0
	for i := range 20_000 {
		key := i%30 == 0 || rand.IntN(100) == 0
		for r := range feeds {
			f := feeds[r].next(key)
			f.rung, f.at, f.time = r, time.Unix(0, int64(i)*int64(33*time.Millisecond)), uint32(i*3000)
			if rand.IntN(40) == 0 {
				f.payloads = tall(f, &feeds[r], 3*paceMin) // goes out in slices
			}
			for j := range f.payloads { // the pictures' own words: rung, moment
				f.payloads[j] = append([]byte{byte(r), byte(i), byte(i >> 8), b2i(key)}, f.payloads[j]...)
			}
			fd.rings.add(f)
			if rand.IntN(500) == 0 {
				continue // the queue was full
			}
			k.send(f)
			if l := k.soonest(); l != nil && rand.IntN(2) == 0 {
				k.proceed(l, l.paced.step)
			}
			for _, v := range viewers {
				v.video.repair(v.video.Last()-uint16(rand.IntN(1200)), fd.rings, &h)
			}
			if rand.IntN(40) == 0 {
				viewers[rand.IntN(len(viewers))].video.want.Store(int32(rand.IntN(len(threeRungs))))
				turns++
			}
		}
	}
	for _, w := range wires {
		if w.seen < 15_000 || w.turned < 100 {
			t.Errorf("%d pictures seen, %d turns (of %d): this proves nothing", w.seen, w.turned, turns)
		}
	}
}

// tall makes a frame longer.
func tall(f *frame, feed *feedOf, packets int) [][]byte {
	for len(f.payloads) < packets {
		f.payloads = append(f.payloads, []byte{byte(len(f.payloads))})
		feed.sequence++
	}
	return f.payloads
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// pictureWire holds what a viewer sees to its rules.
type pictureWire struct {
	*wire
	rung, seen, turned int
	moment             uint16
	stamp              uint32
	middle             bool // of a picture
}

func (w *pictureWire) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if _, again := w.sent[h.SequenceNumber]; again {
		return w.wire.WriteRTP(h, payload) // a repair
	}
	rung, moment, key := int(payload[0]), uint16(payload[1])|uint16(payload[2])<<8, payload[3] == 1
	switch {
	case w.middle && (rung != w.rung || moment != w.moment):
		w.t.Fatalf("rung %d, moment %d in the middle of rung %d, moment %d", rung, moment, w.rung, w.moment)
	case !w.middle && w.seen > 0 && int16(moment-w.moment) <= 0 && !key: // with one, it is sent late: see join
		w.t.Fatalf("moment %d of rung %d after %d of %d", moment, rung, w.moment, w.rung)
	case !w.middle && w.seen > 0 && int32(h.Timestamp-w.stamp) <= 0:
		w.t.Fatalf("timestamp %d after %d", h.Timestamp, w.stamp)
	case rung != w.rung && !key:
		w.t.Fatalf("rung %d begins without a keyframe", rung)
	}
	if rung != w.rung {
		w.turned++
	}
	if !w.middle {
		w.seen++
	}
	w.rung, w.moment, w.stamp, w.middle = rung, moment, h.Timestamp, !h.Marker
	return w.wire.WriteRTP(h, payload)
}

// TestChoose: a viewer can begin with a rendition, and hears which there are.
func TestChoose(t *testing.T) {
	s := newStand(t)
	v := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}})
	res, body := rtctest.Request(t, "POST", s.url+"?rendition=4k", v.Offer(), "Content-Type", "application/sdp")
	if res.StatusCode != http.StatusNotFound || !strings.Contains(body, "720p, 360p") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	url := s.url
	s.url += "?rendition=360p"
	_, sc := s.view(rtctest.Options{})
	s.url = url
	sc.wait(t, "the small rendition", pictures(30))
	if got := s.viewersOf("360p"); got != 1 {
		t.Errorf("%g viewers of 360p", got)
	}
	for _, v := range s.watching() {
		v.choose(0)
	}
	sc.wait(t, "the large rendition", func(sc *screen) bool { return sc.frames > 0 && s.viewersOf("720p") == 1 })
	have := sc.count()
	sc.wait(t, "pictures of it", pictures(have+40))
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.gaps != 0 || sc.skipped > 100*time.Millisecond {
		t.Errorf("%d holes in the numbers, %v skipped", sc.gaps, sc.skipped)
	}
}

// TestSmallLink lets a viewer's link shrink below the large rendition, and grow
// again: the viewer goes down and up, and never waits for a picture for long.
func TestSmallLink(t *testing.T) {
	s := newStand(t)
	c, sc := s.view(rtctest.Options{Limited: true})
	sc.wait(t, "program", pictures(25))
	c.Limit(1200)
	sc.wait(t, "the small rendition", func(*screen) bool { return s.viewersOf("360p") == 1 })
	have := sc.count()
	sc.wait(t, "pictures of it", pictures(have+50))
	if c.Lost.Load() == 0 {
		t.Error("nothing was lost: this proves nothing")
	}
	c.Limit(0)
	sc.wait(t, "the large rendition again", func(*screen) bool { return s.viewersOf("720p") == 1 })
	have = sc.count()
	sc.wait(t, "pictures of it", pictures(have+25))
	sc.mu.Lock()
	defer sc.mu.Unlock()
	t.Logf("%d packets lost, %v without a picture, %v skipped", c.Lost.Load(), sc.longest, sc.skipped)
	if sc.longest > time.Second || sc.skipped > 500*time.Millisecond {
		t.Errorf("no picture for %v, %v skipped", sc.longest, sc.skipped)
	}
	text := exposition(t, s.reg)
	for _, want := range []string{`regie_rtc_rendition_switches_total{direction="down"} 1`, `regie_rtc_rendition_switches_total{direction="up"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestSmallLinkOverTCP: there nothing is lost, but the round trip grows as packets
// pile up, which is answered before the queue is full.
func TestSmallLinkOverTCP(t *testing.T) {
	s := newStand(t)
	c, sc := s.view(rtctest.Options{TCP: true, Limited: true})
	sc.wait(t, "program", pictures(25))
	c.Limit(1500)
	sc.wait(t, "the small rendition", func(*screen) bool { return s.viewersOf("360p") == 1 })
	have := sc.count()
	sc.wait(t, "pictures after it", pictures(have+50))
	sc.mu.Lock()
	defer sc.mu.Unlock()
	t.Logf("%v without a picture, %v skipped", sc.longest, sc.skipped)
	if sc.longest > time.Second || sc.skipped > 100*time.Millisecond || sc.gaps != 0 {
		t.Errorf("no picture for %v, %v skipped, %d holes in the numbers", sc.longest, sc.skipped, sc.gaps)
	}
}

// TestFull: who does not fit is told where to watch, who fits less gets less, and
// nobody moves up past the limit.
func TestFull(t *testing.T) {
	s := newStandOf(t, rtc.Config{MaxMbps: 4})
	_, first := s.view(rtctest.Options{})
	first.wait(t, "the large rendition", pictures(5))
	_, second := s.view(rtctest.Options{})
	second.wait(t, "the small rendition", pictures(5))
	if large, small := s.viewersOf("720p"), s.viewersOf("360p"); large != 1 || small != 1 {
		t.Errorf("%g and %g viewers, want one each", large, small)
	}
	for _, v := range s.watching() {
		v.choose(0)
	}
	third := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}})
	res, body := rtctest.Request(t, "POST", s.url, third.Offer(), "Content-Type", "application/sdp")
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "/live/studio/index.m3u8") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	have := second.count()
	second.wait(t, "two scheduled keyframes", pictures(have+50))
	if large := s.viewersOf("720p"); large != 1 {
		t.Errorf("%g viewers of the large rendition are more than fit", large)
	}
	if len(s.watching()) != 2 {
		t.Errorf("%d viewers", len(s.watching()))
	}
}
