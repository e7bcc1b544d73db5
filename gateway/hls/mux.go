package hls

import (
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/regie-live/regie/transcode"
)

// The tracks of a muxed rendition; the sound alone has but the second.
const (
	videoTrack = 1
	audioTrack = 2
)

// soundOnly is the rung of the rendition that has none.
const soundOnly = -1

// aacSamples is how long one AAC-LC packet lasts, in transcode.AudioClock.
const aacSamples = 1024

// muxer writes fragmented MP4 (ISO 14496-12). Base decode times are program
// times, so any two sessions of viewers, and any two renditions, agree on them.
type muxer struct {
	grid      grid
	audio     mpeg4audio.AudioSpecificConfig
	audioKbps int
	rungs     []transcode.Rung
	sequence  uint32 // mfhd sequence number of the newest part
}

// audioCodec names the coding as RFC 6381 asks.
func (m *muxer) audioCodec() string { return fmt.Sprintf("mp4a.40.%d", m.audio.Type) }

// init renders a rung's initialisation segment (RFC 8216bis 4.4.4.5).
func (m *muxer) init(rung int, p []*params) ([]byte, error) {
	bits := uint32(m.audioKbps * 1000)
	in := fmp4.Init{Tracks: []*fmp4.InitTrack{{
		ID: audioTrack, TimeScale: transcode.AudioClock, Codec: &codecs.MPEG4Audio{Config: m.audio},
		AvgBitrate: bits, MaxBitrate: bits,
	}}}
	if rung != soundOnly {
		bits := uint32(m.rungs[rung].Kbps * 1000)
		in.Tracks = append([]*fmp4.InitTrack{{
			ID: videoTrack, TimeScale: transcode.VideoClock, Codec: &codecs.H264{SPS: p[rung].sps, PPS: p[rung].pps},
			AvgBitrate: bits, MaxBitrate: bits,
		}}, in.Tracks...)
	}
	var buf seekablebuffer.Buffer
	if err := in.Marshal(&buf); err != nil {
		return nil, fmt.Errorf("initialisation segment: %w", err)
	}
	return buf.Bytes(), nil
}

// part renders one moof and mdat of a rung; nil when the sound alone has none. The
// pictures fill the part exactly: the first is shown from the part's start even if
// the frame due there is missing, and each lasts until the next.
func (m *muxer) part(rung int, c cut) ([]byte, error) {
	out := fmp4.Part{SequenceNumber: m.sequence}
	if rung != soundOnly {
		out.Tracks = append(out.Tracks, &fmp4.PartTrack{
			ID: videoTrack, BaseTime: uint64(m.grid.ticks(c.first)), Samples: m.pictures(rung, c),
		})
	}
	if len(c.audio) > 0 {
		out.Tracks = append(out.Tracks, &fmp4.PartTrack{
			ID: audioTrack, BaseTime: uint64(c.audio[0].pts), Samples: sounds(c.audio),
		})
	}
	if len(out.Tracks) == 0 {
		return nil, nil
	}
	size := 256
	for _, t := range out.Tracks {
		for _, s := range t.Samples {
			size += 16 + len(s.Payload)
		}
	}
	var buf seekablebuffer.Buffer
	buf.Grow(size)
	if err := out.Marshal(&buf); err != nil {
		return nil, fmt.Errorf("part: %w", err)
	}
	return buf.Bytes(), nil
}

func (m *muxer) pictures(rung int, c cut) []*fmp4.Sample {
	samples := make([]*fmp4.Sample, len(c.frames))
	start := c.first
	for i, f := range c.frames {
		end := c.end
		if i+1 < len(c.frames) {
			end = c.frames[i+1].index
		}
		samples[i] = &fmp4.Sample{
			Duration:        uint32(m.grid.ticks(end) - m.grid.ticks(start)),
			IsNonSyncSample: !f.rungs[rung].key, Payload: f.rungs[rung].data,
		}
		start = end
	}
	return samples
}

// sounds lets a packet last until the next, so that a lost one does not shift
// those after it.
func sounds(audio []sound) []*fmp4.Sample {
	samples := make([]*fmp4.Sample, len(audio))
	for i, a := range audio {
		duration := int64(aacSamples)
		if i+1 < len(audio) {
			duration = audio[i+1].pts - a.pts
		}
		samples[i] = &fmp4.Sample{Duration: uint32(duration), Payload: a.data}
	}
	return samples
}
