package whip

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// TestLossIsRepaired: what NACK brings back is in its place, and what is lost for
// good takes whole pictures with it.
func TestLossIsRepaired(t *testing.T) {
	for _, tc := range []struct {
		name  string
		mime  string
		codec media.Codec
		make  func(testing.TB) [][]byte
	}{
		{"h264", webrtc.MimeTypeH264, media.H264, func(t testing.TB) [][]byte { return rtctest.H264(t, "2000") }},
		{"vp8", webrtc.MimeTypeVP8, media.VP8, rtctest.VP8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, rtc.Config{})
			video := rtctest.NewTrack(t, tc.mime)
			c := b.publish(rtctest.Options{SendLoss: 0.05, Send: []webrtc.TrackLocal{video}})
			c.Play(video, 40*time.Millisecond, tc.make(t))
			claim := b.seats.Wait(0, "pictures", enough(75, 0))
			units := claim.Of(media.Video)
			if got := ingesttest.DecodeVideo(t, tc.codec, claim.Elementary(media.Video)); got != len(units) {
				t.Errorf("ffmpeg decodes %d of %d pictures", got, len(units))
			}
			span := int((units[len(units)-1].PTS-units[0].PTS)/(40*time.Millisecond)) + 1
			if c.Lost.Load() < 5 {
				t.Errorf("only %d packets were lost: this proves nothing", c.Lost.Load())
			}
			// A repair may be lost too, and then a second of pictures is gone.
			if len(units) < span*2/3 {
				t.Errorf("%d of %d pictures came through", len(units), span)
			}
			t.Logf("%d packets lost, %d of %d pictures came through", c.Lost.Load(), len(units), span)
		})
	}
}

func packet(seq uint16) *rtp.Packet { return &rtp.Packet{Header: rtp.Header{SequenceNumber: seq}} }

// drain pops all there is at now.
func drain(r *reorder, now time.Time) (seqs []uint16, lost int) {
	for {
		p, _, n := r.pop(now)
		lost += n
		if p == nil {
			return seqs, lost
		}
		seqs = append(seqs, p.SequenceNumber)
	}
}

func TestReorder(t *testing.T) {
	t0 := time.Unix(1000, 0)
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	r := &reorder{repair: true}
	for i, seq := range []uint16{65534, 65535, 1, 2, 1} {
		r.push(packet(seq), at(i))
	}
	if got, lost := drain(r, at(5)); !slices.Equal(got, []uint16{65534, 65535}) || lost != 0 {
		t.Fatalf("got %v, lost %d", got, lost)
	}
	if m := r.missing(at(4)); m != nil {
		t.Errorf("asks for %v at once", m)
	}
	if m := r.missing(at(6)); !slices.Equal(m, []uint16{0}) {
		t.Errorf("asks for %v, want 0", m)
	}
	if m := r.missing(at(20)); m != nil {
		t.Errorf("asks again for %v too early", m)
	}
	if m := r.missing(at(60)); !slices.Equal(m, []uint16{0}) {
		t.Errorf("does not ask again")
	}
	r.push(packet(0), at(70))
	r.push(packet(0), at(71))     // twice
	r.push(packet(65534), at(72)) // late
	if got, lost := drain(r, at(73)); !slices.Equal(got, []uint16{0, 1, 2}) || lost != 0 {
		t.Fatalf("got %v, lost %d", got, lost)
	}
	// given up after reorderWait
	r.push(packet(5), at(100))
	if got, _ := drain(r, at(299)); got != nil {
		t.Fatalf("got %v too early", got)
	}
	if got, lost := drain(r, at(301)); !slices.Equal(got, []uint16{5}) || lost != 2 {
		t.Fatalf("got %v, lost %d, want 5 and 2", got, lost)
	}
	// a stray packet from far away is ignored, a new start is not
	r.push(packet(20000), at(400))
	r.push(packet(6), at(401))
	if got, lost := drain(r, at(402)); !slices.Equal(got, []uint16{6}) || lost != 0 {
		t.Fatalf("got %v, lost %d", got, lost)
	}
	var got []uint16
	for seq := range uint16(10) {
		r.push(packet(30000+seq), at(500))
		more, _ := drain(r, at(500))
		got = append(got, more...)
	}
	if !slices.Equal(got, []uint16{30004, 30005, 30006, 30007, 30008, 30009}) {
		t.Errorf("after a new start: %v", got)
	}
}

// TestReorderInvariants: whatever comes, the numbers that leave only grow, and
// each packet leaves once.
func TestReorderInvariants(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := &reorder{repair: true}
	now := time.Unix(1000, 0)
	sent, delivered, lost := 0, 0, 0
	var last uint16
	for seq := range 100_000 {
		now = now.Add(time.Millisecond)
		if random.IntN(50) != 0 {
			s := uint16(seq)
			if random.IntN(20) == 0 && seq > 3 {
				s -= uint16(random.IntN(3))
			}
			r.push(packet(s), now)
			sent++
		}
		got, n := drain(r, now)
		lost += n
		for _, s := range got {
			if delivered > 0 && int16(s-last) <= 0 {
				t.Fatalf("%d after %d", s, last)
			}
			last = s
			delivered++
		}
	}
	if delivered < 90_000 || delivered+lost > 100_000 {
		t.Errorf("%d sent, %d delivered, %d lost", sent, delivered, lost)
	}
}

func TestPicture(t *testing.T) {
	type in struct {
		stamp  uint32
		marker bool
		body   string
		lost   bool // before it
	}
	for name, tc := range map[string]struct {
		in   []in
		want []string
	}{
		"marker":               {[]in{{1, false, "a", false}, {1, true, "b", false}, {2, true, "c", false}}, []string{"ab", "c"}},
		"no marker":            {[]in{{1, false, "a", false}, {2, false, "b", false}, {3, false, "c", false}}, []string{"a", "b"}},
		"padding":              {[]in{{1, false, "", false}, {1, true, "a", false}, {1, false, "", false}, {2, true, "b", false}}, []string{"a", "b"}},
		"lost in the middle":   {[]in{{1, false, "a", false}, {1, true, "c", true}, {2, true, "d", false}}, []string{"d"}},
		"lost over the border": {[]in{{1, false, "a", false}, {2, false, "c", true}, {2, true, "d", false}, {3, true, "e", false}}, []string{"e"}},
		"lost at the start":    {[]in{{1, true, "a", false}, {2, true, "c", true}, {3, true, "d", false}}, []string{"a", "d"}},
	} {
		var p picture
		var got []string
		for _, i := range tc.in {
			if i.lost {
				p.broken()
			}
			pkt := &rtp.Packet{Header: rtp.Header{Timestamp: i.stamp, Marker: i.marker}, Payload: []byte(i.body)}
			for again := true; again; {
				var f *frame
				if f, again = p.add(pkt, time.Time{}); f != nil {
					text := ""
					for _, b := range f.payloads {
						text += string(b)
					}
					got = append(got, text)
				}
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestPictureIsBounded(t *testing.T) {
	var p picture
	for range maxPackets * 2 {
		if f, _ := p.add(&rtp.Packet{Payload: []byte{1}}, time.Time{}); f != nil {
			t.Fatal("a picture without end came out")
		}
		if p.now != nil && len(p.now.payloads) > maxPackets {
			t.Fatal("it grows")
		}
	}
}
