package whip

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// keyframeInterval is the least time between two requests for a keyframe: an
// encoder that makes one for each request makes nothing else.
const keyframeInterval = 500 * time.Millisecond

// conn is one publisher's connection.
type conn struct {
	server    *Server
	id        string
	publisher *ingest.Publisher
	config    []byte // of H.264, from the offer

	tracksDone sync.WaitGroup // goroutines of onTrack

	now [2]atomic.Pointer[track] // by media.Kind: the newest, which counts
	all atomic.Int32             // tracks so far

	clockMu sync.Mutex // guards clock and its tracks, which both media goroutines use
	clock   rtptime.Clock

	mu      sync.Mutex
	peer    *rtc.Peer
	ended   error         // set before there was a peer to close
	tracks  []media.Track // as last told to the Publisher, or to be told
	told    bool
	over    bool
	video   webrtc.SSRC // 0 until the first video track
	lastAsk time.Time   // for a keyframe
}

// open answers the offer. The Publisher is this conn's from here on, unless the
// result is an error.
func (c *conn) open(offer *rtc.Offer, o wish.Offer) (string, error) {
	c.config = offer.Config // before there are tracks
	peer, answer, err := c.server.opts.Net.NewPeer(offer, rtc.PeerOptions{
		Side:    rtc.Publisher,
		Role:    c.publisher.Seat().Role,
		Reached: o.Reached,
		Logger:  c.publisher.Logger(),
		Setup: func(pc *webrtc.PeerConnection) error {
			pc.OnTrack(c.onTrack)
			return nil
		},
		Connected: func(*rtc.Peer) { c.connected() },
		Closed:    c.closed,
	})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.peer = peer
	for _, codec := range answer.Codecs {
		c.tracks = append(c.tracks, c.describe(codec))
	}
	ended := c.ended
	c.mu.Unlock()
	if ended != nil {
		peer.Close(ended)
	}
	return answer.SDP, nil
}

func (c *conn) describe(codec media.Codec) media.Track {
	t := media.Track{Codec: codec}
	switch codec {
	case media.Opus:
		t.SampleRate, t.Channels = 48000, 2
	case media.H264:
		t.Config = c.config
	}
	return t
}

// end implements Offer.Disconnect: it closes the connection from our side.
func (c *conn) end(cause error) {
	c.mu.Lock()
	peer := c.peer
	if peer == nil && c.ended == nil {
		c.ended = cause
	}
	c.mu.Unlock()
	if peer != nil {
		peer.Close(cause)
	}
}

// connected tells the Publisher what will come, before anything does: pion says
// that it is connected and that there is a track in no particular order.
func (c *conn) connected() {
	c.mu.Lock()
	if c.told {
		c.mu.Unlock()
		return
	}
	c.told = true
	tracks := slices.Clone(c.tracks)
	c.mu.Unlock()
	if err := c.publisher.SetTracks(tracks); err != nil {
		c.end(err)
		return
	}
	c.publisher.Watch(c.server.opts.MediaTimeout, c.server.opts.MediaTimeout)
}

// switchTo tells the Publisher that a sender uses another codec of the answer
// than the first.
func (c *conn) switchTo(codec media.Codec) {
	c.mu.Lock()
	i := slices.IndexFunc(c.tracks, func(t media.Track) bool { return t.Codec.Kind() == codec.Kind() })
	if i < 0 || c.tracks[i].Codec == codec {
		c.mu.Unlock()
		return
	}
	c.tracks[i] = c.describe(codec)
	told, tracks := c.told, slices.Clone(c.tracks)
	c.mu.Unlock()
	if !told {
		return
	}
	if err := c.publisher.SetTracks(tracks); err != nil {
		c.end(err)
	}
}

// closed is called once, when the peer has ended.
func (c *conn) closed(cause error) {
	c.mu.Lock()
	c.over = true // a track that pion tells of from now on is not begun
	c.mu.Unlock()
	c.tracksDone.Wait()
	switch {
	case errors.Is(cause, rtc.ErrLeft):
		cause = ingest.ErrPeerClosed
	case errors.Is(cause, rtc.ErrClosed):
		cause = ingest.ErrStopping
	case errors.Is(cause, rtc.ErrNeverConnected):
		cause = &ingest.Refusal{
			Outcome: ingest.NoMedia, Reason: "the WebRTC connection was never made",
			Hint: "open the WebRTC port for UDP (or TCP), and set webrtc.public_hosts if this machine is behind NAT",
		}
	}
	c.server.endpoint.Forget(c.id) // before anybody hears of the end
	c.publisher.Close(cause)
	c.server.leave(c)
}

// requestKeyframe sends a picture loss indication (RFC 4585 section 6.3.1),
// unless one was sent just now.
func (c *conn) requestKeyframe() {
	c.mu.Lock()
	peer, video, now := c.peer, c.now[media.Video].Load(), time.Now()
	if peer == nil || video == nil || now.Sub(c.lastAsk) < keyframeInterval {
		c.mu.Unlock()
		return
	}
	c.lastAsk = now
	c.mu.Unlock()
	c.send(peer, &rtcp.PictureLossIndication{MediaSSRC: uint32(video.remote.SSRC())})
}

// send passes reports to the peer; one that is lost is sent again by whoever
// still needs it.
func (c *conn) send(peer *rtc.Peer, p rtcp.Packet) {
	if err := peer.PC().WriteRTCP([]rtcp.Packet{p}); err != nil {
		c.publisher.Logger().Debug("rtcp not sent", "error", err)
	}
}

// maxTracks is how many streams a publisher may begin, one after the other: an
// encoder that restarts within a session comes with a new SSRC.
const maxTracks = 16

// onTrack starts the two goroutines of a track. pion calls it in a goroutine of
// its own, at any time.
func (c *conn) onTrack(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	if !codecOf(remote.Codec()).Known() || c.all.Add(1) > maxTracks {
		return // retransmissions that pion could not attribute, or too much
	}
	c.connected()
	kind := media.Video
	if remote.Kind() == webrtc.RTPCodecTypeAudio {
		kind = media.Audio
	}
	t := &track{conn: c, kind: kind, remote: remote, flow: c.server.opts.Net.Flow(rtc.In, kind)}
	c.clockMu.Lock()
	t.clock = c.clock.Track(int(remote.Codec().ClockRate), kind == media.Audio)
	c.clockMu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.now[kind].Store(t)
	c.tracksDone.Go(t.readMedia)
	c.tracksDone.Go(func() { t.readReports(receiver) })
}

// codecOf is the codec of a payload type's description.
func codecOf(p webrtc.RTPCodecParameters) media.Codec {
	_, name, _ := strings.Cut(p.MimeType, "/")
	return media.Codec(strings.ToLower(name))
}
