package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// watchWHEP receives the program and counts a stall for every half second
// without a packet of the picture.
func watchWHEP(ctx context.Context, address string, t *tally) error {
	var engine webrtc.MediaEngine
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { _ = pc.GracefulClose() }()

	var last atomic.Int64 // when the last packet of the picture came
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		reading.Add(1)
		defer reading.Done()
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			t.bytes.Add(int64(len(p.Payload)))
			if track.Kind() == webrtc.RTPCodecTypeVideo {
				last.Store(time.Now().UnixNano())
			}
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return err
		}
	}
	if err := offer(ctx, pc, address); err != nil {
		return err
	}
	t.requests.Add(1)
	for tick := time.NewTicker(500 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			if last.Load() == 0 {
				return errors.New("no picture came")
			}
			return nil
		case <-tick.C:
			if at := last.Load(); at != 0 && time.Since(time.Unix(0, at)) > 500*time.Millisecond {
				t.stalls.Add(1)
			}
		}
	}
}

func offer(ctx context.Context, pc *webrtc.PeerConnection, address string) error {
	sdp, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(sdp); err != nil {
		return err
	}
	<-gathered
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/sdp")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("the endpoint answered %s: %s", res.Status, body)
	}
	return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)})
}
