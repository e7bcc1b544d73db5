package returns

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/transcode/media"
)

// reportInterval is the time between two sender reports.
const reportInterval = 2 * time.Second

// report sends sender reports for what a slot has sent. Its
// sound and its picture count from the same moment.
func (r *receiver) report(s *slot) {
	now := time.Now()
	var reports []rtcp.Packet
	for _, st := range s.streams {
		if st == nil {
			continue
		}
		if report := st.Report(now, s.clock.report(st.Media(), now)); report != nil {
			reports = append(reports, report)
		}
	}
	r.mu.Lock()
	peer := r.peer
	r.mu.Unlock()
	if peer != nil && len(reports) > 0 {
		_ = peer.PC().WriteRTCP(reports) // a lost report is followed by the next
	}
}

// readReports takes what the receiver says of one stream, until it ends.
func (r *receiver) readReports(sender *webrtc.RTPSender, sl *slot, s *stream) {
	l := listener{receiver: r, slot: sl, stream: s}
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			l.take(p)
		}
	}
}

// listener reads the receiver's RTCP about one stream.
type listener struct {
	receiver *receiver
	slot     *slot
	stream   *stream
	header   rtp.Header
	lost     uint32 // as last reported
	asked    uint16 // the latest packet that was asked for again
}

func (l *listener) take(p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.TransportLayerNack:
		if p.MediaSSRC == l.stream.SSRC() {
			l.repair(p.Nacks)
		}
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		if from := l.slot.source.Load(); from != nil && l.stream.Media() == media.Video {
			from.keyframes.Ask()
		}
	case *rtcp.ReceiverReport:
		l.received(p.Reports)
	case *rtcp.SenderReport:
		l.received(p.Reports)
	}
}

func (l *listener) repair(pairs []rtcp.NackPair) {
	again, fresh := 0, 0
	if last := l.stream.latest(); last-l.asked >= 1<<14 { // so long ago that it would look like the future
		l.asked = last - 1<<14
	}
	l.receiver.batch.Begin()
	for _, pair := range pairs {
		pair.Range(func(n uint16) bool {
			if l.stream.repair(n, &l.header) {
				again++
			}
			if int16(n-l.asked) > 0 { // others have been asked for before
				l.asked = n
				fresh++
			}
			return true
		})
	}
	l.receiver.batch.Flush()
	l.receiver.feed.flows[l.stream.Media()].Packets.Add(float64(again))
	if l.receiver.link.again(time.Now(), fresh) {
		l.receiver.feed.shed(l.receiver)
	}
}

func (l *listener) received(blocks []rtcp.ReceptionReport) {
	for _, b := range blocks {
		if b.SSRC != l.stream.SSRC() {
			continue
		}
		// 24 bits, and not cumulative for one who lies.
		if more := b.TotalLost - l.lost; b.TotalLost < 1<<23 && more < 1<<16 {
			l.receiver.feed.flows[l.stream.Media()].Lost.Add(float64(more))
		}
		l.lost = b.TotalLost
		now := time.Now()
		rtt, ok := rtptime.RoundTrip(b.LastSenderReport, b.Delay, now)
		if ok {
			l.receiver.feed.opts.Net.RoundTrip(l.receiver.who.Role, rtt)
		}
		if l.receiver.link.report(now, float64(b.FractionLost)/256, rtt) {
			l.receiver.feed.shed(l.receiver)
		}
	}
}
