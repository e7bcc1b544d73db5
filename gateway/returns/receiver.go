package returns

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// maxQueue bounds what waits for a receiver, in frames: a quarter of a second of six
// people.
const maxQueue = 128

// program is the slot of the program's picture.
const program = Slots

// receiver is one connection of a person or a desk.
type receiver struct {
	feed  *Feed
	who   Receiver
	id    string // of the HTTP session
	slots [Slots + 1]slot
	queue chan item
	tell  chan struct{} // the table has changed
	over  chan goodbye
	done  chan struct{} // closed when the connection has ended
	batch *rtc.Batch
	link  *link

	paused [Slots + 1]bool // whose picture the link does not take; guarded by Feed.mu

	header rtp.Header // of run alone, reused: an escaping one would be garbage for every packet

	talk    atomic.Pointer[talk] // nil without a data channel
	reading sync.WaitGroup       // goroutines that read reports and messages
	running sync.WaitGroup       // run

	mu       sync.Mutex
	peer     *rtc.Peer
	ended    error // set before there was a peer to close
	gone     bool  // nothing may begin to read any more
	channels int   // opened so far
}

// slot is what a receiver knows of one of its slots. Its streams have locks of their
// own; source is for whoever reads the reports; the rest belongs to run.
type slot struct {
	streams [2]*stream // by media.Kind; the program has no sound
	source  atomic.Pointer[source]

	clock    clock
	turn     uint64
	life     uint64
	waiting  bool   // for a keyframe
	next     uint64 // number of the picture that ought to come
	reported bool   // the first report, which comes as soon as both streams have begun
}

// item is a frame on its way to a slot.
type item struct {
	frame *frame
	slot  int
	turn  uint64
}

// goodbye is the last that a receiver is told.
type goodbye struct {
	text  []byte
	cause error
}

func newReceiver(f *Feed, who Receiver, id string) *receiver {
	r := &receiver{
		feed: f, who: who, id: id, queue: make(chan item, maxQueue), tell: make(chan struct{}, 1),
		over: make(chan goodbye, 1), done: make(chan struct{}), batch: f.opts.Net.NewBatch(),
		link: newLink(),
	}
	now := time.Now()
	for i := range r.slots {
		s := &r.slots[i]
		s.clock = newClock(now)
		name := fmt.Sprintf("slot%d", i)
		if i == program {
			name = "program"
		} else {
			s.streams[media.Audio] = newStream(media.Audio, name)
		}
		s.streams[media.Video] = newStream(media.Video, name)
	}
	return r
}

// eachStream visits them in the order of the offer's sections.
func (r *receiver) eachStream(visit func(*slot, *stream) error) error {
	for i := range r.slots {
		for _, s := range r.slots[i].streams {
			if s == nil {
				continue
			}
			if err := visit(&r.slots[i], s); err != nil {
				return err
			}
		}
	}
	return nil
}

// sections are what an offer must have, in this order.
func sections() (kinds []media.Kind) {
	for range Slots {
		kinds = append(kinds, media.Video, media.Audio)
	}
	return append(kinds, media.Video)
}

func (r *receiver) open(o wish.Offer) (*rtc.Peer, string, error) {
	offer, err := rtc.ReadOffer(o.SDP, rtc.Participant)
	if err != nil {
		return nil, "", err
	}
	if !slices.Equal(offer.Kinds, sections()) {
		return nil, "", &rtc.OfferError{
			Reason: fmt.Sprintf("the offer has %d sections of media, or not in the order of a return feed", len(offer.Kinds)),
			Hint:   fmt.Sprintf("offer %d times video and audio, then one video for the program, all recvonly", Slots),
		}
	}
	peer, answer, err := r.feed.opts.Net.NewPeer(offer, rtc.PeerOptions{
		Side:      rtc.Participant,
		Role:      r.who.Role,
		Reached:   o.Reached,
		Logger:    r.feed.logger.With("participant", r.who.ID),
		Setup:     r.setUp,
		Connected: r.connected,
		Closed:    r.closed,
	})
	if err != nil {
		return nil, "", err
	}
	r.mu.Lock()
	r.peer = peer
	ended := r.ended
	r.mu.Unlock()
	if ended != nil {
		peer.Close(ended)
	}
	return peer, answer.SDP, nil
}

func (r *receiver) setUp(pc *webrtc.PeerConnection) error {
	pc.OnDataChannel(r.onChannel)
	return r.eachStream(func(sl *slot, s *stream) error {
		t, err := pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		r.reading.Go(func() { r.readReports(t.Sender(), sl, s) })
		return nil
	})
}

// end closes the connection from our side.
func (r *receiver) end(cause error) {
	r.mu.Lock()
	peer := r.peer
	if peer == nil && r.ended == nil {
		r.ended = cause
	}
	r.mu.Unlock()
	if peer != nil {
		peer.Close(cause)
	}
}

// farewell tells the receiver why, then ends it.
func (r *receiver) farewell(text []byte, cause error) {
	select {
	case r.over <- goodbye{text, cause}:
	default: // it is ending already
	}
}

func (r *receiver) connected(p *rtc.Peer) {
	_ = r.eachStream(func(_ *slot, s *stream) error {
		if short := p.Shortcut(r.batch); short != nil {
			s.Redirect(short)
		}
		return nil
	})
	r.mu.Lock()
	r.peer = p // open may not have come to it yet
	r.mu.Unlock()
	r.running.Go(r.run)
	r.feed.arrive(r)
}

func (r *receiver) closed(cause error) {
	r.mu.Lock()
	r.gone = true
	r.mu.Unlock()
	close(r.done)
	r.reading.Wait()
	r.running.Wait()
	r.feed.logger.Debug("return feed ended", "participant", r.who.ID, "cause", cause)
	r.feed.leave(r)
}

// offer gives the receiver a frame, or drops it.
func (r *receiver) offer(it item) {
	select {
	case r.queue <- it:
	default:
		r.feed.opts.Metrics.dropped.Inc()
	}
}

// run sends what comes until the connection ends.
func (r *receiver) run() {
	tick := time.NewTicker(reportInterval)
	defer tick.Stop()
	for {
		select {
		case it := <-r.queue:
			r.sendAll(it)
		case <-tick.C:
			for i := range r.slots {
				r.report(&r.slots[i])
			}
		case <-r.tell:
			if t := r.talk.Load(); t != nil {
				t.write(r.feed.slotsMessage(r.who.ID))
			}
		case bye := <-r.over:
			if t := r.talk.Load(); t != nil {
				t.last(bye.text)
			}
			r.end(bye.cause)
		case <-r.done:
			return
		}
	}
}

// sendAll sends a frame and what else has come, in as few system calls as there can
// be.
func (r *receiver) sendAll(it item) {
	var sent [2]int
	r.batch.Begin()
	for more := len(r.queue); ; more-- {
		sent[it.frame.kind] += r.send(it, time.Now())
		if more == 0 {
			break
		}
		it = <-r.queue
	}
	r.batch.Flush()
	r.link.sent.Add(int64(sent[media.Video]))
	for kind, n := range sent {
		if n > 0 {
			r.feed.flows[kind].Packets.Add(float64(n))
		}
	}
}

// send sends a frame to its slot and returns how many packets went out.
func (r *receiver) send(it item, now time.Time) int {
	f, s := it.frame, &r.slots[it.slot]
	switch {
	case it.turn < s.turn, it.turn == s.turn && f.life < s.life:
		return 0 // of someone who was there before
	case it.turn > s.turn || f.life > s.life || s.source.Load() == nil:
		s.turn, s.life, s.waiting = it.turn, f.life, true
		s.source.Store(f.source)
		s.clock.restart()
	}
	if f.kind == media.Video {
		if s.waiting = s.waiting || f.number != s.next; s.waiting && !f.key {
			f.source.keyframes.Ask()
			return 0
		}
		s.waiting, s.next = false, f.number+1
	}
	stream := s.streams[f.kind]
	if stream == nil {
		return 0
	}
	sent := stream.send(f, s.clock.stamp(f.kind, f.pts, now), &r.header)
	if !s.reported && s.begun() {
		s.reported = true
		r.report(s)
	}
	return sent
}

// begun says that every stream of the slot has sent something.
func (s *slot) begun() bool {
	for _, st := range s.streams {
		if st != nil && !st.begun() {
			return false
		}
	}
	return true
}

var errReplaced = errors.New("a newer connection of the same person took over")
