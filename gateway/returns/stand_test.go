package returns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// stage is a feed on loopback, with people who send.
type stage struct {
	t    *testing.T
	net  *rtc.Net
	feed *Feed
	url  string // ends with /USER/api/…; see join
	done chan struct{}
	over sync.WaitGroup

	handler http.HandlerFunc

	mu      sync.Mutex
	people  map[show.ParticipantID]*sender
	present []string // "ana true", …
	// publishers ask those for a keyframe who come by WHIP.
	publishers map[show.ParticipantID]func()
}

// sender plays a clip of its own, which it begins again when a keyframe is asked for.
type sender struct {
	id    show.ParticipantID
	clip  [][]byte
	tone  []byte
	asked atomic.Int64
	again chan struct{}
	quit  chan struct{}
}

// The clips are the same for all tests, and no two of them have a picture in common.
var (
	encodeClips sync.Once
	clips       [][][]byte
)

func newStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel() // most of a test is waiting for pictures in real time
	s := &stage{t: t, people: map[show.ParticipantID]*sender{}, publishers: map[show.ParticipantID]func(){}, done: make(chan struct{})}
	encodeClips.Do(func() {
		for _, kbps := range []string{"300", "500", "800", "1200", "200"} {
			clips = append(clips, rtctest.H264(t, kbps)[:25])
		}
	})
	var err error
	if s.net, err = rtc.Listen(rtc.Config{Address: "127.0.0.1:0", Metrics: rtc.NewMetrics(prometheus.NewRegistry())}); err != nil {
		t.Fatal(err)
	}
	s.feed = New(Options{
		Session: "studio", Net: s.net, BasePath: "/api/v1/sessions/studio/",
		Keyframe: s.keyframe,
		Present: func(id show.ParticipantID, here bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.present = append(s.present, fmt.Sprint(id, " ", here))
		},
	})
	s.handler = func(w http.ResponseWriter, r *http.Request) {
		_, who, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		s.feed.Serve(w, r, Receiver{ID: show.ParticipantID(who), Role: show.Guest})
	}
	server := httptest.NewServer(s.handler)
	s.url = server.URL + "/api/v1/sessions/studio/return"
	t.Cleanup(func() {
		server.Close()
		close(s.done)
		s.over.Wait()
		s.feed.Close()
		if err := s.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) keyframe(id show.ParticipantID) {
	s.mu.Lock()
	p, ask := s.people[id], s.publishers[id]
	s.mu.Unlock()
	if ask != nil {
		ask()
	}
	if p == nil {
		return
	}
	p.asked.Add(1)
	select {
	case p.again <- struct{}{}:
	default:
	}
}

// send has a person send the clip of that number; an empty id is the program.
func (s *stage) send(id show.ParticipantID, clip int) *sender {
	p := &sender{id: id, clip: clips[clip], tone: []byte{0xf8, byte(clip), 0xfe}, again: make(chan struct{}, 1), quit: make(chan struct{})}
	s.mu.Lock()
	s.people[id] = p
	s.mu.Unlock()
	s.feed.SetTracks(id, []media.Track{{Codec: media.H264}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}})
	s.over.Go(func() { s.play(p) })
	return p
}

// play writes a picture and two packets of sound every 40 ms. A clip has one
// keyframe; another comes only when it is asked for.
func (s *stage) play(p *sender) {
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	next := 0
	begin := time.Duration(len(p.clip[0])) * time.Second // everybody has a time of their own
	for n := time.Duration(0); ; n++ {
		select {
		case <-tick.C:
		case <-p.quit:
			return
		case <-s.done:
			return
		}
		select {
		case <-p.again:
			next = 0
		default:
		}
		pts, key := begin+n*40*time.Millisecond, next == 0
		if p.id == "" {
			s.feed.Program(transcode.Packet{Track: transcode.Video, PTS: int64(pts / time.Millisecond * 90), Key: key, Data: p.clip[next]})
		} else {
			s.feed.Write(p.id, media.AccessUnit{Kind: media.Video, PTS: pts, Key: key, Data: p.clip[next]})
			for i := range time.Duration(2) {
				s.feed.Write(p.id, media.AccessUnit{Kind: media.Audio, PTS: pts + i*20*time.Millisecond, Key: true, Data: p.tone})
			}
		}
		if next = next + 1; next == len(p.clip) {
			next = 1
		}
	}
}

// everyone routes all to all, in this order.
func (s *stage) everyone(ids ...show.ParticipantID) {
	route := map[show.ParticipantID][]show.Feed{}
	for _, to := range ids {
		for _, from := range ids {
			route[to] = append(route[to], show.Feed{From: from, Picture: true, Sound: true})
		}
	}
	s.feed.Route(route)
}

// monitor is what a receiver has got, by section.
type monitor struct {
	*rtctest.Client
	t       *testing.T
	mu      sync.Mutex
	changed chan struct{}
	seen    [Slots + 1]section
	heard   [Slots]section
	slots   map[int]show.ParticipantID
	paused  [Slots]bool
	dark    bool     // the program's picture is paused
	back    []int    // slots that were paused, and are not any more
	told    []string // messages as they came
}

// section is what came in one of them.
type section struct {
	last    *rtp.Packet
	packets int
	missing int         // numbers that did not come: a busy machine's sockets lose some
	back    int         // timestamps that did not grow
	clips   map[int]int // packets of sound, or pictures, by clip
	latest  int         // the clip of the latest
	spoiled int         // pictures that nobody sent
	decoded bytes.Buffer
	builder *samplebuilder.SampleBuilder
	waiting bool // for the keyframe of another clip
	late    int  // pictures that did not begin with one
	report  *rtcp.SenderReport
}

func receive() (kinds []webrtc.RTPCodecType) {
	for _, k := range sections() {
		kinds = append(kinds, map[media.Kind]webrtc.RTPCodecType{media.Video: webrtc.RTPCodecTypeVideo, media.Audio: webrtc.RTPCodecTypeAudio}[k])
	}
	return kinds
}

// join opens a person's return feed.
func (s *stage) join(id show.ParticipantID, o rtctest.Options) *monitor {
	s.t.Helper()
	m := &monitor{t: s.t, changed: make(chan struct{}), slots: map[int]show.ParticipantID{}}
	for i := range m.seen {
		m.seen[i].builder = samplebuilder.New(500, &codecs.H264Packet{}, 90000)
	}
	var client atomic.Pointer[rtctest.Client]
	ready := make(chan struct{})
	o.URL, o.Bearer, o.Receive, o.Channel = s.url, string(id), receive(), "regie"
	o.OnTrack = func(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		<-ready
		m.read(client.Load(), tr, r)
	}
	m.Client = rtctest.Connect(s.t, o)
	client.Store(m.Client)
	close(ready)
	s.over.Go(m.listen)
	return m
}

// read takes a track; which section it is in says the transceiver.
func (m *monitor) read(c *rtctest.Client, tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	at := 0
	for _, t := range c.PC.GetTransceivers() {
		if t.Receiver() == r {
			break
		}
		if t.Kind() == tr.Kind() {
			at++
		}
	}
	into := &m.seen[at]
	if tr.Kind() == webrtc.RTPCodecTypeAudio {
		into = &m.heard[at]
	}
	go func() {
		for {
			packets, _, err := r.ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				if sr, ok := p.(*rtcp.SenderReport); ok {
					m.mu.Lock()
					into.report = sr
					m.mu.Unlock()
				}
			}
		}
	}()
	for {
		p, _, err := tr.ReadRTP()
		if err != nil {
			return
		}
		m.mu.Lock()
		into.take(p, tr.Kind())
		m.news()
		m.mu.Unlock()
	}
}

func (m *monitor) news() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (s *section) take(p *rtp.Packet, kind webrtc.RTPCodecType) {
	if s.clips == nil {
		s.clips, s.latest = map[int]int{}, -1
	}
	again := false
	if s.last != nil {
		ahead := int(int16(p.SequenceNumber - s.last.SequenceNumber))
		again = ahead <= 0 // sent once more, in place of a lost one
		step := int32(p.Timestamp - s.last.Timestamp)
		switch {
		case again:
			s.missing--
		case step < 0 || step == 0 && kind == webrtc.RTPCodecTypeAudio:
			s.back++
			fallthrough
		default:
			s.missing += ahead - 1
		}
	}
	if s.packets++; !again {
		s.last = p
	}
	if kind == webrtc.RTPCodecTypeAudio {
		s.latest = int(p.Payload[1])
		s.clips[s.latest]++
		return
	}
	s.builder.Push(p)
	for f := s.builder.Pop(); f != nil; f = s.builder.Pop() {
		s.decoded.Write(f.Data)
		clip, first := clipOf(f.Data)
		if clip < 0 {
			s.spoiled++
			continue
		}
		if clip != s.latest && !first {
			s.late++
		}
		s.latest = clip
		s.clips[clip]++
	}
}

// clipOf finds the picture among those that are sent; first says that it is the
// keyframe.
func clipOf(picture []byte) (clip int, first bool) {
	for i, c := range clips {
		for n, p := range c {
			if bytes.HasSuffix(p, picture[max(0, len(picture)-40):]) {
				return i, n == 0
			}
		}
	}
	return -1, false
}

// listen takes what the data channel says until the test ends.
func (m *monitor) listen() {
	for {
		select {
		case text := <-m.Messages:
			var msg message
			err := json.Unmarshal([]byte(text), &msg)
			m.mu.Lock()
			if m.told = append(m.told, text); err != nil {
				m.t.Error(err)
			}
			if msg.Type == "slots" {
				was := m.paused
				m.dark = msg.Paused
				m.slots, m.paused = map[int]show.ParticipantID{}, [Slots]bool{}
				for _, e := range msg.Slots {
					m.slots[e.Slot], m.paused[e.Slot] = e.Participant, e.Paused
					if was[e.Slot] && !e.Paused {
						m.back = append(m.back, e.Slot)
					}
				}
			}
			m.news()
			m.mu.Unlock()
		case <-m.t.Context().Done():
			return
		}
	}
}

// wait returns when ok says so.
func (m *monitor) wait(what string, ok func(*monitor) bool) {
	m.t.Helper()
	late := time.After(rtctest.Patience)
	for {
		m.mu.Lock()
		changed, good := m.changed, ok(m)
		m.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-late:
			m.mu.Lock()
			defer m.mu.Unlock()
			for i := range m.heard {
				m.t.Logf("slot %d: %q, pictures %v, sound %v", i, m.slots[i], m.seen[i].clips, m.heard[i].clips)
			}
			m.t.Fatalf("waited in vain for %s; told %q", what, m.told)
		}
	}
}
