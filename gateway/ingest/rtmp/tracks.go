package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg1audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/transcode/media"
)

// sink is where tracks and units go.
type sink interface {
	SetTracks([]media.Track) error
	Write(media.AccessUnit)
	Dropped(reason string, n int)
}

var _ sink = (*ingest.Publisher)(nil)

const (
	// settleTime is how long we wait for a second track that the encoder has
	// not ruled out, before we go on with one.
	settleTime = time.Second
	// maxHeld bounds the units that wait meanwhile: a burst beyond it settles.
	maxHeld = 256
)

// demuxer turns audio and video messages into tracks and access units. It
// belongs to the goroutine that reads the connection.
//
// Tracks are told once both are known, or the encoder's metadata says that
// there is only one, or settleTime has passed. What comes until then waits. A
// track that turns up later, or changes its coding, is told at once.
type demuxer struct {
	sink sink

	video, audio     *media.Track
	lengthSize       int
	av1Header        []byte // of the last configuration
	noVideo, noAudio bool   // by the metadata
	settled          bool
	first            time.Time
	held             []media.AccessUnit
	time             int64 // ms, unwrapped
	lastTime         uint32
	timeKnown        bool
}

// message takes one message. An error ends the connection.
func (d *demuxer) message(m rawMessage, now time.Time) error {
	var err error
	switch m.typ {
	case typeDataAMF0, typeDataAMF3:
		d.metadata(m)
		return nil
	case typeVideo:
		var t tag
		if t, err = parseVideo(m.body); err == nil {
			err = d.videoTag(t, d.clock(m.time))
		}
	case typeAudio:
		var t tag
		if t, err = parseAudio(m.body); err == nil {
			err = d.audioTag(t, d.clock(m.time))
		}
	default:
		return nil
	}
	var r *ingest.Refusal
	if errors.As(err, &r) {
		return err
	}
	if err != nil {
		d.sink.Dropped("invalid", 1)
		return nil
	}
	return d.settle(now)
}

// clock unwraps a 32 bit time in milliseconds (49.7 days); audio and video may
// interleave out of order.
func (d *demuxer) clock(ms uint32) time.Duration {
	if d.timeKnown {
		d.time += int64(int32(ms - d.lastTime))
	} else {
		d.time, d.timeKnown = int64(ms), true
	}
	d.lastTime = ms
	return time.Duration(d.time) * time.Millisecond
}

// metadata reads which tracks onMetaData announces. Nothing else of it is
// trusted; the media says it better.
func (d *demuxer) metadata(m rawMessage) {
	body := m.body
	if m.typ == typeDataAMF3 && len(body) > 0 {
		body = body[1:]
	}
	values, err := amf0.Unmarshal(body)
	if err != nil {
		return
	}
	for _, v := range values {
		object, ok := asObject(v)
		if !ok {
			continue
		}
		video, audio := announced(object, "videocodecid"), announced(object, "audiocodecid")
		if video || audio {
			d.noVideo, d.noAudio = !video, !audio
		}
		return
	}
}

// announced reads a codec of onMetaData: a number or, from Enhanced RTMP on, a
// fourCC. Some encoders write 0 where there is no such track.
func announced(o amf0.Object, key string) bool {
	v, ok := o.Get(key)
	return ok && v != nil && v != float64(0)
}

func asObject(v any) (amf0.Object, bool) {
	switch o := v.(type) {
	case amf0.Object:
		return o, true
	case amf0.ECMAArray:
		return amf0.Object(o), true
	}
	return nil, false
}

func (d *demuxer) videoTag(t tag, dts time.Duration) error {
	switch t.what {
	case tagConfig:
		return d.videoConfig(t)
	case tagFrame:
		return d.videoFrame(t, dts)
	}
	return nil
}

func (d *demuxer) videoConfig(t tag) error {
	track := media.Track{Codec: t.codec}
	lengthSize, av1Header := d.lengthSize, d.av1Header
	var err error
	switch t.codec {
	case media.H264:
		lengthSize, track.Config, err = parseAVCC(t.data)
	case media.H265:
		lengthSize, track.Config, err = parseHVCC(t.data)
	case media.AV1:
		av1Header, err = parseAV1C(t.data)
	}
	if err != nil {
		return err // the configuration before holds on
	}
	d.lengthSize, d.av1Header = lengthSize, av1Header
	return d.change(&d.video, track)
}

func (d *demuxer) videoFrame(t tag, dts time.Duration) error {
	if len(t.data) == 0 {
		return nil
	}
	data, inBand := t.data, true
	var err error
	switch t.codec {
	case media.H264, media.H265:
		if d.video == nil || d.video.Codec != t.codec { // no configuration of this codec came
			d.lengthSize = len(startCode)
		}
		data, inBand, err = annexB(t.data, d.lengthSize, t.codec)
	case media.AV1:
		data, inBand, err = temporalUnit(t.data)
	}
	if err != nil {
		return err
	}
	if t.mute {
		t.key = beginsHere(t.codec, data)
	}
	if t.codec == media.AV1 && t.key && !inBand {
		// Allowed, but rare. The header goes into the stream, not into the
		// track: some encoders send a configuration that is not true.
		data, inBand = slices.Concat(d.av1Header, data), d.av1Header != nil
	}
	if d.video == nil || d.video.Codec != t.codec {
		// No sequence header came, so what the decoder needs must be in here.
		if !t.key || !inBand {
			d.sink.Dropped("invalid", 1)
			return nil
		}
		if err := d.change(&d.video, media.Track{Codec: t.codec}); err != nil {
			return err
		}
	}
	d.unit(media.AccessUnit{Kind: media.Video, PTS: dts + t.cts, Key: t.key, Data: data})
	return nil
}

func (d *demuxer) audioTag(t tag, dts time.Duration) error {
	if t.what == tagOther || len(t.data) == 0 {
		return nil
	}
	if t.what == tagConfig || t.codec != media.AAC && t.codec != media.Opus ||
		d.audio == nil || d.audio.Codec != t.codec {
		track, err := audioTrack(t, d.audio)
		if err != nil {
			return err
		}
		if err := d.change(&d.audio, track); err != nil {
			return err
		}
	}
	if t.what == tagConfig {
		return nil
	}
	if t.codec == media.LPCM {
		swap16(t.data)
	}
	d.unit(media.AccessUnit{Kind: media.Audio, PTS: dts, Key: true, Data: t.data})
	return nil
}

// audioTrack describes the sound of a tag. What a tag does not say stays as it
// was in the old track.
func audioTrack(t tag, old *media.Track) (media.Track, error) {
	track := media.Track{Codec: t.codec, SampleRate: t.rate, Channels: t.channels}
	switch t.codec {
	case media.AAC:
		if t.what != tagConfig {
			return track, fmt.Errorf("AAC before its configuration")
		}
		var c mpeg4audio.AudioSpecificConfig
		if err := c.Unmarshal(t.data); err != nil {
			return track, ingest.NewUnsupported("AAC: " + err.Error())
		}
		track.SampleRate, track.Channels = c.SampleRate, c.ChannelCount
		track.Config = bytes.Clone(t.data)
	case media.Opus:
		track.SampleRate, track.Channels = 48000, 2
		if t.what == tagConfig && len(t.data) > 9 { // OpusHead, RFC 7845 section 5.1
			track.Channels = int(t.data[9])
		}
	case media.MP3:
		var h mpeg1audio.FrameHeader
		if err := h.Unmarshal(t.data); err != nil {
			if old != nil && old.Codec == media.MP3 {
				return *old, nil
			}
			return track, err
		}
		track.SampleRate, track.Channels = h.SampleRate, 2
		if h.ChannelMode == mpeg1audio.ChannelModeMono {
			track.Channels = 1
		}
	}
	return track, nil
}

// change notes a track; it tells the sink if that was told of tracks before.
func (d *demuxer) change(slot **media.Track, t media.Track) error {
	if old := *slot; old != nil && old.Codec == t.Codec && old.SampleRate == t.SampleRate &&
		old.Channels == t.Channels && bytes.Equal(old.Config, t.Config) {
		return nil
	}
	*slot = &t
	if !d.settled {
		return nil
	}
	return d.sink.SetTracks(d.tracks())
}

func (d *demuxer) tracks() []media.Track {
	var ts []media.Track
	for _, t := range []*media.Track{d.video, d.audio} {
		if t != nil {
			ts = append(ts, *t)
		}
	}
	return ts
}

func (d *demuxer) unit(au media.AccessUnit) {
	if d.settled {
		d.sink.Write(au)
		return
	}
	d.held = append(d.held, au)
}

// settle tells the tracks as soon as that can be done.
func (d *demuxer) settle(now time.Time) error {
	if d.settled || d.video == nil && d.audio == nil {
		return nil
	}
	if d.first.IsZero() {
		d.first = now
	}
	complete := (d.video != nil || d.noVideo) && (d.audio != nil || d.noAudio)
	if !complete && now.Sub(d.first) < settleTime && len(d.held) < maxHeld {
		return nil
	}
	if err := d.sink.SetTracks(d.tracks()); err != nil {
		return err
	}
	d.settled = true
	for _, au := range d.held {
		d.sink.Write(au)
	}
	d.held = nil
	return nil
}

func swap16(b []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
}
