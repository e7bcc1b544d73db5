package whep

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtp/codecs"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// maxPayload keeps a packet with its RTP header (12) and authentication tag (16)
// within 1200 bytes, which passes every tunnel and VPN.
const maxPayload = 1200 - 12 - 16

// frame is one picture or 20 ms of sound, cut into packets. It is shared by all
// viewers and never written to again.
type frame struct {
	kind     media.Kind
	rung     int // of a picture; see Options.Rungs
	key      bool
	at       time.Time // when it was written
	time     uint32    // RTP timestamp
	number   uint64    // of the picture in its rung, without gaps
	first    uint64    // sequence of its first packet in its rung, without gaps
	payloads [][]byte
}

// packetizer cuts frames. It belongs to the goroutine of Feed.Write.
type packetizer struct {
	clock *clock
	rungs []cutter
}

// cutter cuts the pictures of one rung.
type cutter struct {
	h264     codecs.H264Payloader
	number   uint64 // of the next
	sequence uint64 // of its first packet
}

func newPacketizer(c *clock, rungs int) packetizer {
	return packetizer{clock: c, rungs: make([]cutter, rungs)}
}

// frame returns nil for what viewers do not get.
func (z *packetizer) frame(p transcode.Packet) *frame {
	now := time.Now()
	switch p.Track {
	case transcode.Video:
		if p.Rung < 0 || p.Rung >= len(z.rungs) {
			return nil
		}
		r := &z.rungs[p.Rung]
		f := &frame{kind: media.Video, rung: p.Rung, key: p.Key, at: now, number: r.number, first: r.sequence}
		f.payloads = r.h264.Payload(maxPayload, p.Data)
		if len(f.payloads) == 0 {
			return nil
		}
		f.time = z.clock.stamp(media.Video, p.PTS, now)
		r.number++
		r.sequence += uint64(len(f.payloads))
		return f
	case transcode.Opus:
		if len(p.Data) == 0 || len(p.Data) > maxPayload {
			return nil
		}
		return &frame{
			kind: media.Audio, at: now, time: z.clock.stamp(media.Audio, p.PTS, now),
			payloads: [][]byte{p.Data},
		}
	}
	return nil
}

// clock maps program time to RTP timestamps, from a random start per track (RFC
// 3550 section 5.1), and wall-clock time to the same for sender reports.
type clock struct {
	offset [2]uint32
	epoch  atomic.Pointer[time.Time] // when program time 0 was
}

func newClock() *clock { return &clock{offset: [2]uint32{rand.Uint32(), rand.Uint32()}} }

func clockRate(k media.Kind) int64 {
	if k == media.Audio {
		return transcode.AudioClock
	}
	return transcode.VideoClock
}

// stamp is the RTP timestamp of program time pts, in the track's clock. The
// first call fixes the epoch; it is for one goroutine.
func (c *clock) stamp(k media.Kind, pts int64, now time.Time) uint32 {
	if c.epoch.Load() == nil {
		seconds := float64(pts) / float64(clockRate(k))
		epoch := now.Add(-time.Duration(seconds * float64(time.Second)))
		c.epoch.Store(&epoch)
	}
	return c.offset[k] + uint32(pts)
}

// report is the RTP timestamp that belongs to the wall-clock time at; ok is false
// before anything was stamped.
func (c *clock) report(k media.Kind, at time.Time) (stamp uint32, ok bool) {
	epoch := c.epoch.Load()
	if epoch == nil {
		return 0, false
	}
	return c.offset[k] + uint32(ticks(at.Sub(*epoch), clockRate(k))), true
}

// ticks is a time in a clock of so many a second.
func ticks(t time.Duration, rate int64) int64 {
	return int64(t/time.Second)*rate + int64(t%time.Second)*rate/int64(time.Second)
}
