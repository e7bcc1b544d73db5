package e2e

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// camera is an RTSP server that shows a card to whoever asks.
type camera struct {
	server *gortsplib.Server
	stream *gortsplib.ServerStream
	ready  chan struct{} // closed once stream is set
	stop   func()        // and wait
}

// startCamera listens on an address and plays until it is stopped.
func startCamera(t *testing.T, address string, l look) *camera {
	t.Helper()
	l.audio = media.Opus
	card := newCard(t, l)
	picture := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	sound := &format.Opus{PayloadTyp: 97, ChannelCount: 2}
	medias := []*description.Media{
		{Type: description.MediaTypeVideo, Formats: []format.Format{picture}},
		{Type: description.MediaTypeAudio, Formats: []format.Format{sound}},
	}
	c := &camera{ready: make(chan struct{})}
	c.server = &gortsplib.Server{Handler: c, RTSPAddress: address}
	if err := c.server.Start(); err != nil {
		t.Fatal(err)
	}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: medias}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	close(c.ready)
	videoEncoder, err := picture.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	audioEncoder, err := sound.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	packets := func(au media.AccessUnit) ([]*rtp.Packet, error) {
		if au.Kind == media.Audio {
			p, err := audioEncoder.Encode(au.Data)
			return []*rtp.Packet{p}, err
		}
		var nals h264.AnnexB
		if err := nals.Unmarshal(au.Data); err != nil {
			return nil, err
		}
		return videoEncoder.Encode(nals)
	}
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c.film(t, card, medias, packets, stopped)
	}()
	c.stop = sync.OnceFunc(func() {
		close(stopped)
		<-done
		c.stream.Close()
		c.server.Close()
	})
	t.Cleanup(c.stop)
	return c
}

// film sends the card at its own pace.
func (c *camera) film(t *testing.T, card *card, medias []*description.Media, packets func(media.AccessUnit) ([]*rtp.Packet, error), stopped <-chan struct{}) {
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		au, due, err := card.Next()
		if err != nil {
			t.Error(err)
			return
		}
		timer.Reset(time.Until(began.Add(due)))
		select {
		case <-stopped:
			return
		case <-timer.C:
		}
		out, err := packets(au)
		if err != nil {
			t.Error(err)
			return
		}
		stamp := uint32(int64(au.PTS) * timeScale[au.Kind] / int64(time.Second))
		for _, p := range out {
			p.Timestamp += stamp
			if err := c.stream.WritePacketRTPWithNTP(medias[au.Kind], p, time.Now()); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (c *camera) OnDescribe(*gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	<-c.ready
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (c *camera) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (c *camera) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// TestCamera: a guest may be a camera that is fetched; when it was away it is in
// its cell again without anyone doing anything. One that people add waits backstage.
func TestCamera(t *testing.T) {
	address := freeAddress(t) // the camera's own, which must outlive it
	first := startCamera(t, address, looks[1])
	a := start(t, setup{camera: "rtsp://" + address + "/main", more: "outside: {allow: [127.0.0.1]}"})
	a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	p.awaitMix(15*time.Second, looks[:2]...)
	p.hears(looks[:2]...)

	first.stop()
	p.hears(looks[0])
	began := time.Now()
	startCamera(t, address, looks[2])
	p.awaitMix(20*time.Second, looks[0], looks[2])
	figure(t, "camera.back_after", time.Since(began).Seconds(), "s")
	p.hears(looks[0], looks[2])

	m, roof := a.setUp(), freeAddress(t)
	startCamera(t, roof, looks[3])
	var added show.Camera
	m.ask("sessions/studio/cameras", show.NewCamera{Name: "Roof", Address: "rtsp://" + roof + "/main"}, &added)
	eventually(t, 20*time.Second, "the camera is backstage and can be brought on", func() bool {
		status, _ := m.change("sessions/studio/people/"+string(added.Participant), map[string]string{"place": "on_air"})
		return status == http.StatusOK || status == http.StatusNoContent
	})
	p.awaitMix(20*time.Second, looks[0], looks[2], looks[3])
	p.hears(looks[0], looks[2], looks[3])
	m.do("DELETE", "sessions/studio/cameras/"+string(added.Participant), nil)
	p.awaitMix(20*time.Second, looks[0], looks[2])
	p.playing()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}
