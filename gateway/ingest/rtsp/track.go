package rtsp

import (
	"errors"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/transcode/media"
)

// track is one media of a publisher on its way from packets to units.
type track struct {
	media  *description.Media
	format format.Format
	info   media.Track
	known  bool // info is complete
	// changed says that unpack has completed or changed info.
	changed bool
	unpack  func(*track, *rtp.Packet) ([]unit, error)

	clock *rtptime.Track
	early *rtcp.SenderReport // waits for the first packet

	previous rtp.Header // of the last packet
	started  bool       // previous is set

	// Until the next keyframe, pictures are dropped: at first because decoding
	// cannot start, later because something was lost.
	waiting bool
	lost    bool
	// damaged is the time of the unit that a gap may have cut the start of.
	damaged     uint32
	damagedHead bool // packets of that very unit came before the gap
}

// unit is an access unit as an unpacker finds it.
type unit struct {
	data  []byte
	key   bool
	whole bool          // begins with its picture's first slice
	after time.Duration // after the time of its packet
}

// errMore: the unit is not complete yet.
var errMore = errors.New("more packets are needed")

// gap notices missing packets. gortsplib has put packets in order before.
func (t *track) gap(pkt *rtp.Packet) {
	if !t.started || pkt.SequenceNumber == t.previous.SequenceNumber+1 {
		return
	}
	t.waiting, t.lost = true, true
	t.damaged = pkt.Timestamp
	t.damagedHead = pkt.Timestamp == t.previous.Timestamp
}

// pass says whether a picture may go on.
func (t *track) pass(u unit, stamp uint32) bool {
	if !t.waiting {
		return true
	}
	cut := t.lost && stamp == t.damaged && (t.damagedHead || !u.whole)
	if !u.key || cut {
		return false
	}
	t.waiting, t.lost = false, false
	return true
}

// unitTime is the RTP timestamp of the unit that pkt completed. Some cameras
// set no marker, so that a unit ends when the next one begins.
func (t *track) unitTime(pkt *rtp.Packet) uint32 {
	if _, h264 := t.format.(*format.H264); h264 && t.started &&
		!t.previous.Marker && t.previous.Timestamp != pkt.Timestamp {
		return t.previous.Timestamp
	}
	return pkt.Timestamp
}

func (t *track) applyReport() {
	if t.early == nil {
		return
	}
	t.clock.Report(t.early.NTPTime, t.early.RTPTime)
	t.early = nil
}
