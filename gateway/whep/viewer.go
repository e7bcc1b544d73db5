package whep

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/gateway/internal/steer"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// reportInterval is the time between two sender reports: a player needs the
// first at once to keep sound and picture in step, and then few.
const reportInterval = 2 * time.Second

// viewer is one connected player.
type viewer struct {
	feed   *Feed
	id     string
	worker *worker
	video  *stream
	audio  *stream

	reported time.Time    // last sender report; of the worker alone
	shown    atomic.Int32 // rung that the viewer is counted with; -1 when it is not

	steering sync.Mutex // guards the next three, once the viewer is connected
	chosen   int        // rung that the viewer wants; -1: steer says
	sound    int        // kbit/s, set with the offer
	steer    steer.Steer

	talk atomic.Pointer[talk] // nil without a data channel

	reading sync.WaitGroup // goroutines that read the viewer's reports and messages

	mu       sync.Mutex
	peer     *rtc.Peer
	ended    error // set before there was a peer to close
	inside   bool  // among the worker's viewers
	gone     bool  // nothing may begin to read any more
	channels int   // opened so far
}

// newViewer makes one who has chosen a rung; -1 leaves it to us.
func newViewer(f *Feed, id string, chosen int) *viewer {
	v := &viewer{feed: f, id: id, video: newStream(media.Video), audio: newStream(media.Audio), chosen: chosen}
	v.shown.Store(-1)
	return v
}

// streams are the viewer's two; one that it does not take has no SSRC.
func (v *viewer) streams() []*stream { return []*stream{v.video, v.audio} }

func (v *viewer) open(offer *rtc.Offer, o wish.Offer) (string, error) {
	peer, answer, err := v.feed.opts.Net.NewPeer(offer, rtc.PeerOptions{
		Side:      rtc.Viewer,
		Role:      show.Viewer,
		Reached:   o.Reached,
		Logger:    v.feed.logger,
		Costs:     v.costs(offer),
		Setup:     func(pc *webrtc.PeerConnection) error { return v.setUp(pc, offer) },
		Connected: v.connected,
		Closed:    v.closed,
	})
	if err != nil {
		return "", err
	}
	v.begin(peer.Cost())
	v.mu.Lock()
	v.peer = peer
	ended := v.ended
	v.mu.Unlock()
	if ended != nil {
		peer.Close(ended)
	}
	return answer.SDP, nil
}

// setUp adds the tracks that the viewer offers to receive.
func (v *viewer) setUp(pc *webrtc.PeerConnection, offer *rtc.Offer) error {
	pc.OnDataChannel(v.onChannel)
	for _, kind := range offer.Kinds {
		s := v.video
		if kind == media.Audio {
			s = v.audio
		}
		sender, err := pc.AddTrack(s)
		if err != nil {
			return err
		}
		v.reading.Go(func() { v.readReports(sender, s) })
	}
	return nil
}

// end closes the viewer's connection from our side.
func (v *viewer) end(cause error) {
	v.mu.Lock()
	peer := v.peer
	if peer == nil && v.ended == nil {
		v.ended = cause
	}
	v.mu.Unlock()
	if peer != nil {
		peer.Close(cause)
	}
}

func (v *viewer) connected(p *rtc.Peer) {
	for _, s := range v.streams() {
		if short := p.Shortcut(v.worker.batch); short != nil {
			s.Redirect(short)
		}
	}
	v.mu.Lock()
	v.inside = true
	v.mu.Unlock()
	if rung := v.video.want.Load(); v.video.SSRC() != 0 {
		v.shown.Store(rung)
		v.feed.watching(int(rung)).Inc()
	}
	v.worker.add(v)
	v.feed.count.Add(1)
	if v.feed.keyframes.Age() > maxLate {
		v.feed.keyframes.Ask() // now, rather than with the next picture
	}
}

func (v *viewer) closed(cause error) {
	v.mu.Lock()
	v.gone = true
	v.mu.Unlock()
	v.reading.Wait()
	v.mu.Lock()
	inside := v.inside
	v.inside = false
	v.mu.Unlock()
	if inside {
		v.worker.remove(v)
		if rung := v.shown.Swap(-1); rung >= 0 {
			v.feed.watching(int(rung)).Dec()
		}
		v.feed.count.Add(-1)
	}
	v.feed.logger.Debug("viewer ended", "cause", cause)
	v.feed.leave(v)
}

// send gives the viewer a frame's packets from one to before another and, when it
// is time, a report. It is called by the worker only and returns how many packets
// went out.
func (v *viewer) send(s *stream, f *frame, from, to int, h *rtp.Header) int {
	sent := s.send(f, from, to, h)
	if sent > 0 && f.at.Sub(v.reported) >= reportInterval {
		v.reported = f.at
		v.report()
	}
	return sent
}

// report sends sender reports for the tracks that have
// begun. Both count from the same program time.
func (v *viewer) report() {
	now := time.Now()
	var reports []rtcp.Packet
	for _, s := range v.streams() {
		stamp, ok := v.feed.clock.report(s.Media(), now)
		if report := s.Report(now, stamp); ok && report != nil {
			reports = append(reports, report)
		}
	}
	v.mu.Lock()
	peer := v.peer
	v.mu.Unlock()
	if peer != nil && len(reports) > 0 {
		_ = peer.PC().WriteRTCP(reports) // a lost report is followed by the next
	}
}

// readReports takes what the viewer says of one stream, until it ends.
func (v *viewer) readReports(sender *webrtc.RTPSender, s *stream) {
	flow := v.feed.audio
	if s.Media() == media.Video {
		flow = v.feed.video
	}
	r := reports{viewer: v, stream: s, flow: flow}
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			r.take(p)
		}
	}
}

// reports reads a viewer's RTCP about one stream.
type reports struct {
	viewer *viewer
	stream *stream
	flow   rtc.Flow
	header rtp.Header
	lost   uint32 // as last reported

	sent  uint32 // packets, at the last look
	asked uint16 // the latest packet that was asked for again
}

func (r *reports) take(p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.TransportLayerNack:
		r.nack(p)
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		if r.stream.Media() == media.Video {
			r.viewer.feed.keyframes.Ask()
		}
	case *rtcp.ReceiverReport:
		r.receiver(p.Reports)
	case *rtcp.SenderReport:
		r.receiver(p.Reports)
	}
}

func (r *reports) nack(p *rtcp.TransportLayerNack) {
	if r.stream.Media() != media.Video || p.MediaSSRC != r.stream.SSRC() {
		return
	}
	sent := r.packets()
	again, fresh := 0, 0
	batch := r.viewer.worker.batch
	batch.Begin()
	for _, pair := range p.Nacks {
		pair.Range(func(n uint16) bool {
			if r.stream.repair(n, r.viewer.feed.rings, &r.header) {
				again++
			}
			if int16(n-r.asked) > 0 { // others have been asked for before
				r.asked = n
				fresh++
			}
			return true
		})
	}
	batch.Flush()
	count(r.flow, again)
	r.viewer.observe("asks for many packets again", func(s *steer.Steer) bool { return s.Repairs(time.Now(), sent, fresh) })
}

func (r *reports) receiver(blocks []rtcp.ReceptionReport) {
	for _, b := range blocks {
		if b.SSRC != r.stream.SSRC() {
			continue
		}
		// 24 bits, and not cumulative for a viewer who lies.
		if more := b.TotalLost - r.lost; b.TotalLost < 1<<23 && more < 1<<16 {
			r.flow.Lost.Add(float64(more))
		}
		r.lost = b.TotalLost
		if r.stream.Media() != media.Video {
			continue
		}
		now := time.Now()
		rtt, ok := rtptime.RoundTrip(b.LastSenderReport, b.Delay, now)
		if ok {
			r.viewer.feed.opts.Net.RoundTrip(show.Viewer, rtt)
		}
		sent := r.packets()
		r.viewer.observe("reports", func(s *steer.Steer) bool {
			return s.Repairs(now, sent, 0) || s.Report(now, float64(b.FractionLost)/256, rtt)
		})
	}
}

// packets is how many were sent since the last look.
func (r *reports) packets() int {
	r.stream.Lock()
	defer r.stream.Unlock()
	sent, last := r.stream.Sent(), r.stream.Last()
	n := int(sent - r.sent)
	r.sent = sent
	if last-r.asked >= 1<<14 { // so long ago that it would look like the future
		r.asked = last - 1<<14
	}
	return n
}
