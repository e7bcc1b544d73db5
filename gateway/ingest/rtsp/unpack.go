package rtsp

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpav1"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpfragmented"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpmpeg1audio"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp8"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpvp9"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg1audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/transcode/media"
)

// newTrack prepares a track for a format, or returns nil if we cannot use it.
func newTrack(m *description.Media, f format.Format) *track {
	if f.ClockRate() <= 0 {
		return nil
	}
	t := &track{media: m, format: f, known: true, waiting: true}
	var err error
	switch f := f.(type) {
	case *format.H264:
		err = t.h264(f)
	case *format.H265:
		err = t.h265(f)
	case *format.AV1:
		err = t.av1(f)
	case *format.VP8:
		err = t.vp8(f)
	case *format.VP9:
		err = t.vp9(f)
	case *format.Opus:
		t.info = media.Track{Codec: media.Opus, SampleRate: 48000, Channels: f.ChannelCount}
		t.unpack = whole
	case *format.G711:
		t.info = media.Track{Codec: media.PCMA, SampleRate: f.SampleRate, Channels: f.ChannelCount}
		if f.MULaw {
			t.info.Codec = media.PCMU
		}
		t.unpack = whole
	case *format.LPCM:
		t.info = media.Track{Codec: media.LPCM, SampleRate: f.SampleRate, Channels: f.ChannelCount}
		t.unpack = pcm16(f.BitDepth, f.ChannelCount)
	case *format.MPEG4Audio:
		err = t.aac(f)
	case *format.MPEG4AudioLATM:
		err = t.latm(f)
	case *format.MPEG1Audio:
		err = t.mp3(f)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return t
}

func (t *track) h264(f *format.H264) error {
	t.info = media.Track{Codec: media.H264}
	if f.SPS != nil && f.PPS != nil {
		t.info.Config = annexB([][]byte{f.SPS, f.PPS})
	}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		au, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtph264.ErrMorePacketsNeeded, rtph264.ErrNonStartingPacketAndNoPrevious)
		}
		return one(h264Unit(au))
	}
	return err
}

// h264Unit counts a sequence parameter set as a keyframe too: streams with
// periodic intra refresh or open GOPs have no IDR picture after the first.
func h264Unit(au [][]byte) unit {
	u := unit{data: annexB(au)}
	for _, n := range au {
		if len(n) < 2 {
			continue
		}
		switch n[0] & 0x1f {
		case 5:
			u.key = true
			u.whole = u.whole || n[1]&0x80 != 0 // first_mb_in_slice is 0
		case 1:
			u.whole = u.whole || n[1]&0x80 != 0
		case 7:
			u.key = true
		}
	}
	return u
}

func (t *track) h265(f *format.H265) error {
	t.info = media.Track{Codec: media.H265}
	if f.VPS != nil && f.SPS != nil && f.PPS != nil {
		t.info.Config = annexB([][]byte{f.VPS, f.SPS, f.PPS})
	}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		au, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtph265.ErrMorePacketsNeeded, rtph265.ErrNonStartingPacketAndNoPrevious)
		}
		return one(h265Unit(au))
	}
	return err
}

func h265Unit(au [][]byte) unit {
	u := unit{data: annexB(au)}
	for _, n := range au {
		if len(n) < 3 {
			continue
		}
		kind := n[0] >> 1 & 0x3f
		if kind > 31 { // no slice
			continue
		}
		u.key = u.key || kind >= 16 && kind <= 21 // BLA, IDR, CRA
		u.whole = u.whole || n[2]&0x80 != 0       // first_slice_segment_in_pic_flag
	}
	return u
}

func (t *track) av1(f *format.AV1) error {
	t.info = media.Track{Codec: media.AV1}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		tu, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpav1.ErrMorePacketsNeeded, rtpav1.ErrNonStartingPacketAndNoPrevious)
		}
		obus := make(av1.Bitstream, 0, len(tu))
		for _, obu := range tu {
			if len(obu) > 0 && av1.OBUType(obu[0]>>3&0xf) != av1.OBUTypeTemporalDelimiter {
				obus = append(obus, obu)
			}
		}
		data, err := obus.Marshal()
		if err != nil {
			return nil, err
		}
		// A sequence header comes first in a keyframe, so its start is there.
		return one(unit{data: data, key: av1.IsRandomAccess2(obus), whole: true})
	}
	return err
}

func (t *track) vp8(f *format.VP8) error {
	t.info = media.Track{Codec: media.VP8}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		frame, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpvp8.ErrMorePacketsNeeded, rtpvp8.ErrNonStartingPacketAndNoPrevious)
		}
		key := len(frame) > 0 && frame[0]&1 == 0 // RFC 6386 section 9.1
		return one(unit{data: bytes.Clone(frame), key: key, whole: true})
	}
	return err
}

func (t *track) vp9(f *format.VP9) error {
	t.info = media.Track{Codec: media.VP9}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		frame, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpvp9.ErrMorePacketsNeeded, rtpvp9.ErrNonStartingPacketAndNoPrevious)
		}
		return one(unit{data: bytes.Clone(frame), key: vp9Key(frame), whole: true})
	}
	return err
}

// vp9Key reads the start of the uncompressed header (VP9 section 6.2): frame
// marker, profile, show_existing_frame, frame_type.
func vp9Key(frame []byte) bool {
	if len(frame) == 0 || frame[0]>>6 != 2 {
		return false
	}
	at := 3 // the bit of show_existing_frame
	if frame[0]>>4&3 == 3 {
		at = 2 // profile 3 has a reserved bit before it
	}
	existing, inter := frame[0]>>at&1, frame[0]>>(at-1)&1
	return existing == 0 && inter == 0
}

// whole passes packets that each hold one block of sound.
func whole(_ *track, pkt *rtp.Packet) ([]unit, error) {
	return one(unit{data: bytes.Clone(pkt.Payload), key: true})
}

// pcm16 makes 16 bit big endian samples of 8 (offset binary), 16 or 24 bit ones
// (RFC 3551 section 4.5.10 and 4.5.11, RFC 3190).
func pcm16(depth, channels int) func(*track, *rtp.Packet) ([]unit, error) {
	size := depth / 8 * channels
	return func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		p := pkt.Payload
		if size == 0 || len(p)%size != 0 {
			return nil, fmt.Errorf("%d bytes are no whole samples", len(p))
		}
		switch depth {
		case 8:
			out := make([]byte, 2*len(p))
			for i, b := range p {
				out[2*i] = b - 128
			}
			return one(unit{data: out, key: true})
		case 24:
			out := make([]byte, 0, len(p)/3*2)
			for ; len(p) >= 3; p = p[3:] {
				out = append(out, p[0], p[1])
			}
			return one(unit{data: out, key: true})
		}
		return one(unit{data: bytes.Clone(p), key: true})
	}
}

func (t *track) aac(f *format.MPEG4Audio) error {
	if err := t.aacConfig(f.Config); err != nil {
		return err
	}
	if f.SizeLength <= 0 {
		return errors.New("AU sizes of no bits")
	}
	d, err := f.CreateDecoder()
	t.unpack = func(_ *track, pkt *rtp.Packet) ([]unit, error) {
		aus, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpmpeg4audio.ErrMorePacketsNeeded)
		}
		return sounds(aus, mpeg4audio.SamplesPerAccessUnit, f.ClockRate()), nil
	}
	return err
}

func (t *track) aacConfig(c *mpeg4audio.AudioSpecificConfig) error {
	if c == nil {
		return errors.New("no AudioSpecificConfig")
	}
	raw, err := c.Marshal()
	if err != nil {
		return err
	}
	t.info = media.Track{Codec: media.AAC, SampleRate: c.SampleRate, Channels: c.ChannelCount, Config: raw}
	return nil
}

// latm reads MP4A-LATM (RFC 6416). Its configuration is in the description or
// in the stream, where it may change.
func (t *track) latm(f *format.MPEG4AudioLATM) error {
	t.info.Codec, t.known = media.AAC, false
	mux := f.StreamMuxConfig
	if mux != nil {
		if err := t.aacConfig(latmConfig(mux)); err != nil {
			return err
		}
		t.known = true
	}
	d, err := f.CreateDecoder()
	t.unpack = func(t *track, pkt *rtp.Packet) ([]unit, error) {
		frame, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpfragmented.ErrMorePacketsNeeded)
		}
		e := mpeg4audio.AudioMuxElement{MuxConfigPresent: f.CPresent, StreamMuxConfig: mux}
		if err := e.Unmarshal(frame); err != nil {
			return nil, err
		}
		if mux != e.StreamMuxConfig {
			mux = e.StreamMuxConfig
			if err := t.latmChanged(latmConfig(mux)); err != nil {
				return nil, err
			}
		}
		var aus [][]byte
		for _, sub := range e.Payloads {
			if len(sub) > 0 && len(sub[0]) > 0 {
				aus = append(aus, sub[0][0])
			}
		}
		return sounds(aus, mpeg4audio.SamplesPerAccessUnit, f.ClockRate()), nil
	}
	return err
}

func latmConfig(mux *mpeg4audio.StreamMuxConfig) *mpeg4audio.AudioSpecificConfig {
	if mux == nil || len(mux.Programs) == 0 || len(mux.Programs[0].Layers) == 0 {
		return nil
	}
	return mux.Programs[0].Layers[0].AudioSpecificConfig
}

func (t *track) latmChanged(c *mpeg4audio.AudioSpecificConfig) error {
	before, known := t.info, t.known
	if err := t.aacConfig(c); err != nil {
		return err
	}
	t.known = true
	t.changed = t.changed || !known || !bytes.Equal(before.Config, t.info.Config)
	return nil
}

// mp3 reads MPEG audio (RFC 2250 section 3.5), whose frames say themselves how
// they are sampled.
func (t *track) mp3(f *format.MPEG1Audio) error {
	t.info.Codec, t.known = media.MP3, false
	d, err := f.CreateDecoder()
	t.unpack = func(t *track, pkt *rtp.Packet) ([]unit, error) {
		frames, err := d.Decode(pkt)
		if err != nil {
			return nil, more(err, rtpmpeg1audio.ErrMorePacketsNeeded, rtpmpeg1audio.ErrNonStartingPacketAndNoPrevious)
		}
		var h mpeg1audio.FrameHeader
		if len(frames) == 0 || h.Unmarshal(frames[0]) != nil || h.SampleRate <= 0 {
			return nil, errors.New("no MPEG audio frame")
		}
		info := media.Track{Codec: media.MP3, SampleRate: h.SampleRate, Channels: 2}
		if h.ChannelMode == mpeg1audio.ChannelModeMono {
			info.Channels = 1
		}
		if !t.known || info.SampleRate != t.info.SampleRate || info.Channels != t.info.Channels {
			t.info, t.known, t.changed = info, true, true
		}
		return sounds(frames, h.SampleCount(), h.SampleRate), nil
	}
	return err
}

// sounds gives each of the blocks in a packet its time.
func sounds(blocks [][]byte, samples, rate int) []unit {
	var us []unit
	for i, b := range blocks {
		after := time.Duration(i*samples) * time.Second / time.Duration(max(rate, 1))
		us = append(us, unit{data: bytes.Clone(b), key: true, after: after})
	}
	return us
}

func one(u unit) ([]unit, error) { return []unit{u}, nil }

// more tells an unfinished unit from a broken one.
func more(err error, unfinished ...error) error {
	for _, u := range unfinished {
		if errors.Is(err, u) {
			return errMore
		}
	}
	return err
}

// annexB joins NAL units with start codes.
func annexB(units [][]byte) []byte {
	size := 0
	for _, u := range units {
		size += 4 + len(u)
	}
	out := make([]byte, 0, size)
	for _, u := range units {
		if len(u) > 0 {
			out = append(append(out, 0, 0, 0, 1), u...)
		}
	}
	return out
}
