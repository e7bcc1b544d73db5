package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	ours "github.com/regie-live/regie/transcode/media"
)

type whipLink struct {
	pc       *webrtc.PeerConnection
	http     *http.Client
	resource string
	keyframe func() // makes the card's next picture one
	tracks   map[ours.Kind]*webrtc.TrackLocalStaticSample
	last     map[ours.Kind]time.Duration
	lost     chan struct{} // closed when the connection is gone
	reading  sync.WaitGroup
}

var mimeTypes = map[ours.Codec]string{
	ours.H264: webrtc.MimeTypeH264,
	ours.VP8:  webrtc.MimeTypeVP8,
	ours.VP9:  webrtc.MimeTypeVP9,
	ours.Opus: webrtc.MimeTypeOpus,
}

// ErrLost is returned when the appliance ends a WHIP connection.
var ErrLost = errors.New("the connection was lost")

func dialWHIP(ctx context.Context, u *url.URL, key string, tracks []ours.Track, keyframe func()) (_ link, err error) {
	l := &whipLink{
		keyframe: keyframe,
		http:     &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
		tracks:   map[ours.Kind]*webrtc.TrackLocalStaticSample{},
		last:     map[ours.Kind]time.Duration{},
		lost:     make(chan struct{}),
	}
	if l.pc, err = loopbackPeer(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, t := range tracks {
		if err := l.addTrack(t); err != nil {
			return nil, err
		}
	}
	connected := make(chan struct{})
	l.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			close(connected)
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			select {
			case <-l.lost:
			default:
				close(l.lost)
			}
		}
	})
	if err := l.negotiate(ctx, u, key); err != nil {
		return nil, err
	}
	select {
	case <-connected:
		return l, nil
	case <-l.lost:
		return nil, ErrLost
	case <-time.After(10 * time.Second):
		return nil, errors.New("no connection after 10 s: is the WebRTC port reachable?")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// loopbackPeer can also connect to an appliance on the same machine.
func loopbackPeer() (*webrtc.PeerConnection, error) {
	var engine webrtc.MediaEngine
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	return webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
}

func (l *whipLink) addTrack(t ours.Track) error {
	mime, ok := mimeTypes[t.Codec]
	if !ok {
		return fmt.Errorf("%s is not sent over WHIP here", t.Codec)
	}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, t.Codec.Kind().String(), "regie")
	if err != nil {
		return err
	}
	l.tracks[t.Codec.Kind()] = track
	transceiver, err := l.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	// Resends and reports only work while somebody reads what comes back.
	l.reading.Go(func() {
		for {
			packets, _, err := transceiver.Sender().ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				switch p.(type) {
				case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
					l.keyframe()
				}
			}
		}
	})
	return nil
}

func (l *whipLink) negotiate(ctx context.Context, u *url.URL, key string) error {
	offer, err := l.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewBufferString(l.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("the appliance answered %s: %s", res.Status, bytes.TrimSpace(body))
	}
	location, err := res.Request.URL.Parse(res.Header.Get("Location"))
	if err != nil {
		return err
	}
	l.resource = location.String()
	return l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)})
}

func (l *whipLink) write(au ours.AccessUnit, _ time.Duration) error {
	select {
	case <-l.lost:
		return ErrLost
	default:
	}
	// pion advances its clock by the duration of the sample before.
	step := 20 * time.Millisecond
	if last, ok := l.last[au.Kind]; ok && au.PTS > last {
		step = au.PTS - last
	}
	l.last[au.Kind] = au.PTS
	return l.tracks[au.Kind].WriteSample(media.Sample{Data: au.Data, Duration: step})
}

func (l *whipLink) close() {
	if l.resource != "" {
		if req, err := http.NewRequest(http.MethodDelete, l.resource, nil); err == nil {
			if res, err := l.http.Do(req); err == nil {
				res.Body.Close()
			}
		}
	}
	_ = l.pc.GracefulClose()
	l.reading.Wait()
	l.http.CloseIdleConnections()
}
