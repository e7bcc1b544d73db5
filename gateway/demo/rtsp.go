package demo

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/transcode/media"
)

type rtspLink struct {
	client gortsplib.Client
	tracks map[media.Kind]*rtspTrack
}

type rtspTrack struct {
	media  *description.Media
	format format.Format
	encode func([]byte) ([]*rtp.Packet, error)
	offset uint32
}

func dialRTSP(u *url.URL, key string, tracks []media.Track) (link, error) {
	l := &rtspLink{tracks: map[media.Kind]*rtspTrack{}}
	l.client.TLSConfig = &tls.Config{InsecureSkipVerify: true} // our own appliance's certificate is self-signed
	transport := gortsplib.TransportTCP
	if u.RawQuery == "udp" {
		transport = gortsplib.TransportUDP
	}
	l.client.Transport = &transport
	desc := &description.Session{Title: "Regie"}
	for _, t := range tracks {
		track, err := newRTSPTrack(t)
		if err != nil {
			return nil, err
		}
		l.tracks[t.Codec.Kind()] = track
		desc.Medias = append(desc.Medias, track.media)
	}
	if err := l.client.StartRecording(withKey(u, key), desc); err != nil {
		// Its text would name the address, and with it the key.
		return nil, fmt.Errorf("%s", strings.ReplaceAll(err.Error(), key, "•••"))
	}
	return l, nil
}

func newRTSPTrack(t media.Track) (*rtspTrack, error) {
	track := &rtspTrack{}
	kind := description.MediaTypeVideo
	switch t.Codec {
	case media.H264:
		f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
		enc, err := f.CreateEncoder()
		if err != nil {
			return nil, err
		}
		track.format, track.encode = f, func(b []byte) ([]*rtp.Packet, error) {
			var nals h264.AnnexB
			if err := nals.Unmarshal(b); err != nil {
				return nil, err
			}
			return enc.Encode(nals)
		}
	case media.AAC:
		kind = description.MediaTypeAudio
		var config mpeg4audio.AudioSpecificConfig
		if err := config.Unmarshal(t.Config); err != nil {
			return nil, err
		}
		f := &format.MPEG4Audio{PayloadTyp: 97, Config: &config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3}
		enc, err := f.CreateEncoder()
		if err != nil {
			return nil, err
		}
		track.format, track.encode = f, func(b []byte) ([]*rtp.Packet, error) { return enc.Encode([][]byte{b}) }
	case media.Opus:
		kind = description.MediaTypeAudio
		f := &format.Opus{PayloadTyp: 97, ChannelCount: 2}
		enc, err := f.CreateEncoder()
		if err != nil {
			return nil, err
		}
		track.format, track.encode = f, func(b []byte) ([]*rtp.Packet, error) {
			p, err := enc.Encode(b)
			return []*rtp.Packet{p}, err
		}
	default:
		return nil, fmt.Errorf("%s is not sent over RTSP here", t.Codec)
	}
	track.media = &description.Media{Type: kind, Formats: []format.Format{track.format}}
	var b [4]byte
	_, _ = rand.Read(b[:])
	track.offset = binary.BigEndian.Uint32(b[:])
	return track, nil
}

func (l *rtspLink) write(au media.AccessUnit, _ time.Duration) error {
	t := l.tracks[au.Kind]
	packets, err := t.encode(au.Data)
	if err != nil {
		return err
	}
	rate := time.Duration(t.format.ClockRate())
	stamp := t.offset + uint32(au.PTS/time.Second*rate+au.PTS%time.Second*rate/time.Second)
	// The wall clock of each picture goes into the sender reports, which is how
	// the other side aligns picture and sound.
	now := time.Now()
	for _, p := range packets {
		p.Timestamp += stamp
		if err := l.client.WritePacketRTPWithNTP(t.media, p, now); err != nil {
			return err
		}
	}
	return nil
}

func (l *rtspLink) close() { l.client.Close() }
