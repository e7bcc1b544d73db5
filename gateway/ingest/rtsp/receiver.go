package rtsp

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/transcode/media"
)

// sink is where tracks and units go.
type sink interface {
	SetTracks([]media.Track) error
	Write(media.AccessUnit)
	Dropped(reason string, n int)
}

var _ sink = (*ingest.Publisher)(nil)

// receiver turns the RTP packets of one publisher into access units. Packets
// and reports may come from different goroutines (over UDP they do).
type receiver struct {
	mu     sync.Mutex
	sink   sink
	clock  rtptime.Clock
	tracks []*track
	worked bool   // media came
	began  func() // called when it does; may be nil
	unused string // the coding of a picture that cannot be used
}

// newReceiver chooses at most one video and one audio track of what is offered.
// A publisher that offers a kind only in codings that we do not know is
// refused, so that its operator learns of it; a camera (lenient) has no
// operator at hand, so what can be used of it is.
func newReceiver(d *description.Session, lenient bool) (*receiver, *ingest.Refusal) {
	r := &receiver{}
	for _, want := range []struct {
		kind  media.Kind
		media description.MediaType
	}{
		{media.Video, description.MediaTypeVideo},
		{media.Audio, description.MediaTypeAudio},
	} {
		t, unknown := chooseTrack(d, want.media)
		switch {
		case t != nil:
			t.clock = r.clock.Track(t.format.ClockRate(), want.kind == media.Audio)
			r.tracks = append(r.tracks, t)
		case unknown != "" && !lenient:
			return nil, ingest.NewUnsupported(unknown)
		case want.kind == media.Video:
			r.unused = unknown
		}
	}
	if len(r.tracks) == 0 {
		return nil, &ingest.Refusal{
			Outcome: ingest.UnsupportedCodec,
			Reason:  "no picture or sound that we can mix is offered",
			Hint:    "set the source to H.264 (or H.265, VP8, VP9, AV1) and AAC or Opus",
		}
	}
	return r, nil
}

// chooseTrack returns the first usable track, or the name of the first coding
// that is not.
func chooseTrack(d *description.Session, kind description.MediaType) (t *track, unknown string) {
	for _, m := range d.Medias {
		if m.Type != kind || m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			if t := newTrack(m, f); t != nil {
				return t, ""
			}
			if unknown == "" {
				unknown = f.Codec()
			}
		}
	}
	return nil, unknown
}

func (r *receiver) start(s sink) { r.sink = s }

// medias are the offered media that are used.
func (r *receiver) medias() []*description.Media {
	var ms []*description.Media
	for _, t := range r.tracks {
		ms = append(ms, t.media)
	}
	return ms
}

// announce tells the sink the tracks that are known by now. Those that must be
// seen first (MP3, LATM with its configuration inside) come later.
func (r *receiver) announce() error {
	var known []media.Track
	for _, t := range r.tracks {
		if t.known {
			known = append(known, t.info)
		}
	}
	if len(known) == 0 {
		return nil
	}
	return r.sink.SetTracks(known)
}

// packet takes one RTP packet that came at now. An error ends the publisher.
func (r *receiver) packet(f format.Format, pkt *rtp.Packet, now time.Time) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The unpackers read what a stranger sends. They are fuzzed, but a mistake
	// in one of them must not end every session in this process.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading a packet of %s failed: %v", f.Codec(), p)
		}
	}()
	for _, t := range r.tracks {
		if t.format == f {
			return r.feed(t, pkt, now)
		}
	}
	return nil
}

func (r *receiver) feed(t *track, pkt *rtp.Packet, now time.Time) error {
	pts := t.clock.PTS(pkt.Timestamp, now)
	t.applyReport()
	t.gap(pkt)
	units, err := t.unpack(t, pkt)
	stamp := t.unitTime(pkt)
	if stamp != pkt.Timestamp {
		pts = t.clock.PTS(stamp, now)
	}
	t.previous, t.started = pkt.Header, true
	switch {
	case errors.Is(err, errMore):
		return nil
	case err != nil:
		if t.info.Codec.Kind() == media.Video && !t.waiting {
			t.waiting = true
			r.sink.Dropped("invalid", 1)
		}
		return nil
	}
	if t.changed {
		t.changed = false
		if err := r.announce(); err != nil {
			return err
		}
	}
	for _, u := range units {
		if t.info.Codec.Kind() == media.Video && !t.pass(u, stamp) {
			if t.lost {
				r.sink.Dropped("loss", 1)
			}
			continue
		}
		if !r.worked {
			r.worked = true
			if r.began != nil {
				r.began()
			}
		}
		r.sink.Write(media.AccessUnit{
			Kind: t.info.Codec.Kind(), PTS: pts + u.after, Key: u.key, Data: u.data,
		})
	}
	return nil
}

// report takes an RTCP packet of one media; only sender reports matter. Many
// encoders send one before their first RTP packet, where it would say nothing
// to the clock yet, so it waits for that.
func (r *receiver) report(m *description.Media, pkt rtcp.Packet) {
	sr, ok := pkt.(*rtcp.SenderReport)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tracks {
		if t.media == m {
			t.early = sr
			if t.started {
				t.applyReport()
			}
			return
		}
	}
}
