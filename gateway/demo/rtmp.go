package demo

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"

	"github.com/regie-live/regie/transcode/media"
)

type rtmpLink struct {
	client  *gortmplib.Client
	writer  *gortmplib.Writer
	video   *gortmplib.Track
	audio   *gortmplib.Track
	reading sync.WaitGroup
}

func dialRTMP(ctx context.Context, u *url.URL, key string, tracks []media.Track) (link, error) {
	to := *u
	to.Fragment = key // gortmplib takes the stream key from there
	if to.Port() == "" && to.Scheme == "rtmps" {
		to.Host += ":1936"
	}
	l := &rtmpLink{client: &gortmplib.Client{
		URL:       &to,
		Publish:   true,
		TLSConfig: &tls.Config{InsecureSkipVerify: true}, // our own appliance's certificate is self-signed
	}}
	if err := l.client.Initialize(ctx); err != nil {
		return nil, err
	}
	l.writer = &gortmplib.Writer{Conn: l.client}
	for _, t := range tracks {
		track, err := rtmpTrack(t)
		if err != nil {
			l.client.Close()
			return nil, err
		}
		if t.Codec.Kind() == media.Video {
			l.video = track
		} else {
			l.audio = track
		}
		l.writer.Tracks = append(l.writer.Tracks, track)
	}
	if err := l.writer.Initialize(); err != nil {
		l.client.Close()
		return nil, err
	}
	// The server's acknowledgements must be read, or its window fills.
	l.reading.Go(func() { _, _ = io.Copy(io.Discard, l.client.NetConn()) })
	return l, nil
}

func rtmpTrack(t media.Track) (*gortmplib.Track, error) {
	switch t.Codec {
	case media.H264:
		var sets h264.AnnexB
		if err := sets.Unmarshal(t.Config); err != nil || len(sets) < 2 {
			return nil, fmt.Errorf("h264 over RTMP needs its parameter sets in advance: %w", err)
		}
		return &gortmplib.Track{Codec: &codecs.H264{SPS: sets[0], PPS: sets[1]}}, nil
	case media.H265:
		var sets h264.AnnexB
		if err := sets.Unmarshal(t.Config); err != nil {
			return nil, err
		}
		c := &codecs.H265{}
		for _, nal := range sets {
			switch h265.NALUType(nal[0] >> 1 & 0x3f) {
			case h265.NALUType_VPS_NUT:
				c.VPS = nal
			case h265.NALUType_SPS_NUT:
				c.SPS = nal
			case h265.NALUType_PPS_NUT:
				c.PPS = nal
			}
		}
		return &gortmplib.Track{Codec: c}, nil
	case media.AV1:
		return &gortmplib.Track{Codec: &codecs.AV1{}}, nil
	case media.AAC:
		var config mpeg4audio.AudioSpecificConfig
		if err := config.Unmarshal(t.Config); err != nil {
			return nil, err
		}
		return &gortmplib.Track{Codec: &codecs.MPEG4Audio{Config: &config}}, nil
	case media.Opus:
		return &gortmplib.Track{Codec: &codecs.Opus{IDHeader: &opus.IDHeader{
			Version: 1, ChannelCount: uint8(t.Channels), InputSampleRate: 48000, PreSkip: 312,
		}}}, nil
	}
	return nil, fmt.Errorf("%s is not sent over RTMP here", t.Codec)
}

func (l *rtmpLink) write(au media.AccessUnit, _ time.Duration) error {
	_ = l.client.NetConn().SetWriteDeadline(time.Now().Add(10 * time.Second))
	if au.Kind == media.Audio {
		switch l.audio.Codec.(type) {
		case *codecs.Opus:
			return l.writer.WriteOpus(l.audio, au.PTS, au.Data)
		default:
			return l.writer.WriteMPEG4Audio(l.audio, au.PTS, au.Data)
		}
	}
	if _, ok := l.video.Codec.(*codecs.AV1); ok {
		var obus av1.Bitstream
		if err := obus.Unmarshal(au.Data); err != nil {
			return err
		}
		return l.writer.WriteAV1(l.video, au.PTS, obus)
	}
	var nals h264.AnnexB
	if err := nals.Unmarshal(au.Data); err != nil {
		return err
	}
	// Cards have no B-frames: decoding and presentation order are the same.
	if _, ok := l.video.Codec.(*codecs.H265); ok {
		return l.writer.WriteH265(l.video, au.PTS, au.PTS, nals)
	}
	return l.writer.WriteH264(l.video, au.PTS, au.PTS, nals)
}

func (l *rtmpLink) close() {
	l.client.Close()
	l.reading.Wait()
}

// withKey is u with the stream key as the last part of its path.
func withKey(u *url.URL, key string) string {
	to := *u
	to.RawQuery = ""
	return strings.TrimSuffix(to.String(), "/") + "/" + url.PathEscape(key)
}
