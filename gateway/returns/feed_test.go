package returns

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// cast are four people; each sends the clip of their index.
var cast = []show.ParticipantID{"host", "guest1", "guest2", "guest3"}

// gets says that a receiver gets exactly these people, each with more than n pictures
// and packets of sound of their own.
func gets(n int, who ...show.ParticipantID) func(*monitor) bool {
	return func(m *monitor) bool {
		if len(m.slots) != len(who) {
			return false
		}
		for i, id := range m.slots {
			clip := slices.Index(cast, id)
			if !slices.Contains(who, id) || m.seen[i].latest != clip || m.heard[i].latest != clip ||
				m.seen[i].clips[clip] < n || m.heard[i].clips[clip] < n {
				return false
			}
		}
		return true
	}
}

func without(id show.ParticipantID) (list []show.ParticipantID) {
	for _, p := range cast {
		if p != id {
			list = append(list, p)
		}
	}
	return list
}

// clean fails the test if anything came that should not have.
func (m *monitor) clean(id show.ParticipantID) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	own := slices.Index(cast, id)
	for i := range m.seen {
		sections := []*section{&m.seen[i]}
		if i < Slots {
			sections = append(sections, &m.heard[i])
		}
		for k, s := range sections {
			where := fmt.Sprintf("%s's slot %d, %v", id, i, media.Kind(k))
			if s.back+s.late+s.spoiled > 0 || s.missing*20 > s.packets {
				m.t.Errorf("%s: %d of %d packets are missing, %d times back, %d changes without a keyframe, %d spoiled pictures", where, s.missing, s.packets, s.back, s.late, s.spoiled)
			}
			if i < Slots && s.clips[own] > 0 {
				m.t.Errorf("%s: gets themselves %d times", where, s.clips[own])
			}
		}
	}
}

// TestFourPeople: each gets the other three and the program, never themselves, while
// people swap, leave, come back and are removed.
func TestFourPeople(t *testing.T) {
	s := newStage(t)
	for i, id := range cast {
		s.send(id, i)
	}
	s.send("", 4)
	s.everyone(cast...)
	monitors := map[show.ParticipantID]*monitor{}
	for _, id := range cast {
		monitors[id] = s.join(id, rtctest.Options{TCP: id == "guest3"})
	}
	for id, m := range monitors {
		m.wait("the other three", gets(20, without(id)...))
		m.wait("the program", func(m *monitor) bool { return m.seen[program].clips[4] > 20 })
	}
	places := func(m *monitor) string { m.mu.Lock(); defer m.mu.Unlock(); return fmt.Sprint(m.slots) }
	before := places(monitors["host"])

	// guest1 drops and comes back: the same slot, and the time goes on
	s.mu.Lock()
	close(s.people["guest1"].quit)
	s.mu.Unlock()
	s.feed.Gone("guest1")
	s.everyone("host", "guest2", "guest3")
	monitors["host"].wait("two", func(m *monitor) bool { return len(m.slots) == 2 })
	<-time.After(600 * time.Millisecond)
	s.everyone("host", "guest3", "guest2", "guest1") // in another order
	s.send("guest1", 1)
	monitors["host"].wait("guest1 again", gets(10, without("host")...))
	if after := places(monitors["host"]); after != before {
		t.Errorf("people moved: %s, then %s", before, after)
	}

	// a monitor is reopened
	old := monitors["guest2"]
	monitors["guest2"] = s.join("guest2", rtctest.Options{})
	old.wait("notice", func(m *monitor) bool { return m.told[len(m.told)-1] == `{"type":"replaced"}` })
	old.State(webrtc.PeerConnectionStateClosed)
	monitors["guest2"].wait("the other three", gets(10, without("guest2")...))

	// guest3 is removed, who sees it at once
	removed := monitors["guest3"]
	start := time.Now()
	s.feed.Remove("guest3", errors.New("the host removed you"))
	removed.wait("notice", func(m *monitor) bool {
		return m.told[len(m.told)-1] == `{"type":"removed","reason":"the host removed you"}`
	})
	removed.State(webrtc.PeerConnectionStateClosed)
	if d := time.Since(start); d > time.Second {
		t.Errorf("a removed person noticed after %v", d)
	}
	s.everyone("host", "guest1", "guest2")
	monitors["host"].wait("two", gets(10, "guest1", "guest2"))

	for id, m := range monitors {
		m.clean(id)
	}
	m := monitors["host"]
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.seen {
		if h264 := m.seen[i].decoded.Bytes(); len(h264) > 0 && ingesttest.DecodeVideo(t, media.H264, h264) == 0 {
			t.Errorf("ffmpeg decodes nothing of slot %d", i)
		}
	}
	want := []string{"guest1 true", "guest2 true", "guest3 false", "guest3 true", "host true"}
	presence := func() []string { s.mu.Lock(); defer s.mu.Unlock(); return slices.Sorted(slices.Values(s.present)) }
	for start := time.Now(); len(presence()) < len(want) && time.Since(start) < 10*time.Second; {
		<-time.After(10 * time.Millisecond) // it is told once the connection is closed on both sides
	}
	if got := presence(); !slices.Equal(got, want) {
		t.Errorf("presence %q, want %q", got, want)
	}
}

// TestSoundAndPictureApart: a desk sees who is not on air, and hears those who are; a
// picture that comes back begins with a keyframe.
func TestSoundAndPictureApart(t *testing.T) {
	s := newStage(t)
	s.send("host", 0)
	s.send("guest1", 1)
	s.feed.Route(map[show.ParticipantID][]show.Feed{"desk:1": {{From: "host", Picture: true, Sound: true}, {From: "guest1", Picture: true}}})
	m := s.join("desk:1", rtctest.Options{})
	m.wait("the host, and guest1 without sound", func(m *monitor) bool {
		return m.seen[0].clips[0] > 10 && m.heard[0].clips[0] > 10 && m.seen[1].clips[1] > 10
	})
	m.mu.Lock()
	if n := m.heard[1].clips[1]; n != 0 {
		t.Errorf("%d packets of sound of someone who is not heard", n)
	}
	had := m.seen[1].clips[1]
	m.mu.Unlock()
	s.feed.Route(map[show.ParticipantID][]show.Feed{"desk:1": {{From: "host", Picture: true, Sound: true}, {From: "guest1", Sound: true}}})
	m.wait("guest1's sound", func(m *monitor) bool { return m.heard[1].clips[1] > 10 })
	s.feed.Route(map[show.ParticipantID][]show.Feed{"desk:1": {{From: "host", Picture: true, Sound: true}, {From: "guest1", Picture: true}}})
	m.wait("guest1's picture again", func(m *monitor) bool { return m.seen[1].clips[1] > had+10 })
	m.clean("desk:1")
}

// TestLoss: what is lost on the way is sent again.
func TestLoss(t *testing.T) {
	s := newStage(t)
	s.send("host", 3)
	s.everyone("host", "guest1")
	m := s.join("guest1", rtctest.Options{Loss: 0.03})
	m.wait("four seconds", func(m *monitor) bool { return m.seen[0].clips[3] > 100 })
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Lost.Load() < 10 || m.seen[0].spoiled > 0 {
		t.Errorf("%d packets lost, %d pictures spoiled", m.Lost.Load(), m.seen[0].spoiled)
	}
}

// TestThinLink: who cannot take all pictures gets fewer, the most important last, and
// always the sound; when the link is wide again they come back, one after the other.
func TestThinLink(t *testing.T) {
	s := newStage(t)
	for i, id := range cast[:3] {
		s.send(id, i+1)
	}
	s.everyone("host", "guest1", "guest2", "guest3")
	m := s.join("guest3", rtctest.Options{Limited: true})
	m.wait("three people", func(m *monitor) bool {
		return m.seen[0].clips[1] > 10 && m.seen[1].clips[2] > 10 && m.seen[2].clips[3] > 10
	})
	m.Limit(700)
	m.wait("fewer pictures", func(m *monitor) bool { return m.paused[2] })
	m.wait("no picture of the program, and to be told so", func(m *monitor) bool { return m.dark })
	m.mu.Lock()
	if m.paused[0] {
		t.Error("the most important picture went first")
	}
	heard := m.heard[2].clips[3]
	m.mu.Unlock()
	m.wait("sound", func(m *monitor) bool { return m.heard[2].clips[3] > heard+50 })
	m.Limit(0)
	m.wait("a picture that comes back", func(m *monitor) bool { return len(m.back) > 0 })
	m.mu.Lock()
	i := m.back[0]
	seen := m.seen[i].clips[i+1]
	m.mu.Unlock()
	m.wait("it to play", func(m *monitor) bool { return m.seen[i].clips[i+1] > seen+20 })
}

// TestDeadReceiver: one whose plug is pulled costs the others nothing.
func TestDeadReceiver(t *testing.T) {
	s := newStage(t)
	s.send("host", 3)
	s.everyone("host", "guest1", "guest2")
	dead, m := s.join("guest1", rtctest.Options{Cut: true}), s.join("guest2", rtctest.Options{})
	for _, r := range []*monitor{dead, m} {
		r.wait("the host", func(m *monitor) bool { return m.seen[0].clips[3] > 10 })
	}
	dead.CutOff()
	m.mu.Lock()
	had := m.seen[0].clips[3]
	m.mu.Unlock()
	m.wait("the host", func(m *monitor) bool { return m.seen[0].clips[3] > had+50 })
	m.clean("guest2")
}

// TestReportsAlign: the reports of a slot's streams name one moment.
func TestReportsAlign(t *testing.T) {
	s := newStage(t)
	s.send("host", 0)
	s.everyone("host", "guest1")
	m := s.join("guest1", rtctest.Options{})
	m.wait("reports of one moment", func(m *monitor) bool {
		v, a := m.seen[0].report, m.heard[0].report
		return v != nil && a != nil && v.NTPTime == a.NTPTime
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	v, a := m.seen[0].report, m.heard[0].report
	// Both tracks' latest packets were sent within a picture's time of each other.
	behind := func(stamp, report uint32, rate float64) float64 { return float64(int32(stamp-report)) / rate }
	d := behind(m.seen[0].last.Timestamp, v.RTPTime, 90000) - behind(m.heard[0].last.Timestamp, a.RTPTime, 48000)
	if d > 0.06 || d < -0.06 {
		t.Errorf("sound and picture are %.3f s apart", d)
	}
}

// TestWithoutH264: who has no codec for our pictures hears the others all the same.
func TestWithoutH264(t *testing.T) {
	s := newStage(t)
	for i, id := range cast {
		s.send(id, i)
	}
	s.send("", 4)
	s.everyone(cast...)
	var engine webrtc.MediaEngine
	for kind, c := range map[webrtc.RTPCodecType]webrtc.RTPCodecCapability{
		webrtc.RTPCodecTypeVideo: {MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
		webrtc.RTPCodecTypeAudio: {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
	} {
		if err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: webrtc.PayloadType(96 + kind)}, kind); err != nil {
			t.Fatal(err)
		}
	}
	seeing, blind := s.join("host", rtctest.Options{}), s.join("guest1", rtctest.Options{Engine: &engine})
	blind.wait("the sound of three, with reports", func(m *monitor) bool {
		heard := 0
		for i := range m.heard {
			if h := &m.heard[i]; h.packets > 50 && h.report != nil {
				heard++
			}
		}
		return heard == 3
	})
	seeing.wait("the other three", gets(20, without("host")...))
	blind.mu.Lock()
	defer blind.mu.Unlock()
	for i := range blind.seen {
		if n := blind.seen[i].packets; n > 0 {
			t.Errorf("section %d has %d packets of a picture that cannot be decoded", i, n)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := newStage(t)
	full := rtctest.New(t, rtctest.Options{Receive: receive()}).Offer()
	one := rtctest.New(t, rtctest.Options{Receive: receive()[:2]}).Offer()
	for name, tc := range map[string]struct {
		who, offer string
		status     int
		detail     string
	}{
		"nobody":       {"", full, 403, "open your invite again"},
		"not SDP":      {"host", "hello", 400, "not SDP"},
		"few sections": {"host", one, 422, "offer 6 times video and audio"},
		"no codec":     {"host", strings.NewReplacer("H264/90000", "H261/90000", "VP8/90000", "VP7/90000").Replace(full), 422, "H.264"},
	} {
		res, body := rtctest.Request(t, "POST", s.url, tc.offer, "Content-Type", "application/sdp", "Authorization", "Bearer "+tc.who)
		if res.StatusCode != tc.status || !strings.Contains(body, tc.detail) {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
}

// TestLeaves: DELETE, and what comes after the end.
func TestLeaves(t *testing.T) {
	s := newStage(t)
	s.everyone("host", "guest1")
	m := s.join("host", rtctest.Options{})
	m.wait("slots", func(m *monitor) bool { return len(m.told) > 0 })
	if path := m.Header.Get("Location"); !strings.HasPrefix(path, "/api/v1/sessions/studio/return/") {
		t.Errorf("Location %q is not the bare path", path)
	}
	m.RestartICE()
	m.State(webrtc.PeerConnectionStateConnected)
	if res, body := m.Delete(); res.StatusCode != http.StatusOK {
		t.Errorf("DELETE: %d %s", res.StatusCode, body)
	}
	m.State(webrtc.PeerConnectionStateClosed)
	second := s.join("guest1", rtctest.Options{})
	second.wait("slots", func(m *monitor) bool { return len(m.told) > 0 })
	s.feed.Close()
	second.State(webrtc.PeerConnectionStateClosed)
	offer := rtctest.New(t, rtctest.Options{Receive: receive()}).Offer()
	if res, body := rtctest.Request(t, "POST", s.url, offer, "Content-Type", "application/sdp", "Authorization", "Bearer host"); res.StatusCode != 503 {
		t.Errorf("after the end: %d %s", res.StatusCode, body)
	}
}
