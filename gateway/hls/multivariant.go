package hls

import (
	"fmt"

	"github.com/regie-live/regie/transcode"
)

// audioName is the rendition of the sound alone.
const audioName = "audio"

// variant is what the multivariant playlist says of a rendition.
type variant struct {
	name           string
	codecs         string
	width, height  int   // 0 for the sound alone
	bits, meanBits int64 // per second: of the largest segment, and what is aimed at

	bytes, frames int64 // in whole segments so far
}

// add takes a whole segment into account. BANDWIDTH is an upper bound (RFC 8216bis
// 4.4.6.2); short segments, which only an interruption leaves, say little of it.
func (v *variant) add(bytes, frames int64, g grid) {
	v.bytes += bytes
	v.frames += frames
	if frames == g.segment {
		v.bits = max(v.bits, bytes*8*g.fps/frames)
	}
}

// mean is AVERAGE-BANDWIDTH. While a program runs, a quiet picture says nothing of
// what is to come, so that it never falls below what the encoder aims at; in the
// end it is what it was.
func (v *variant) mean(ended bool, g grid) int64 {
	if v.frames == 0 {
		return v.meanBits
	}
	measured := v.bytes * 8 * g.fps / v.frames
	if ended {
		return measured
	}
	return min(max(v.meanBits, measured), v.bits)
}

// renderIndex writes the multivariant playlist (RFC 8216bis 4.4.6.2).
func renderIndex(variants []variant, g grid, ended bool) []byte {
	b := []byte("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	for i := range variants {
		v := &variants[i]
		b = fmt.Appendf(b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\"", v.bits, v.mean(ended, g), v.codecs)
		if v.width > 0 {
			b = fmt.Appendf(b, ",RESOLUTION=%dx%d,FRAME-RATE=%d.000", v.width, v.height, g.fps)
		}
		b = fmt.Appendf(b, "\n%s/stream.m3u8\n", v.name)
	}
	return b
}

// startKbps is the most that a player should be asked to start with; Apple's
// authoring specification says 2 Mbit/s, give or take.
const startKbps = 3000

// startFirst orders the renditions as players should see them: they begin with
// the first (RFC 8216bis 4.4.6.2 leaves it to them, and all we know do), so that
// is the largest rung that an ordinary line carries. The others follow by size.
func startFirst(rungs []transcode.Rung) []int {
	first := len(rungs) - 1
	for i, r := range rungs {
		if r.Kbps <= startKbps {
			first = i
			break
		}
	}
	order := []int{first}
	for i := range rungs {
		if i != first {
			order = append(order, i)
		}
	}
	return append(order, len(rungs))
}

// containerBits adds the container's two per cent.
func containerBits(kbps int) int64 { return int64(kbps) * 1020 }

// peakBits bounds the bitrate of any segment (RFC 8216bis 4.4.6.2). The encoder's
// rate control holds its rate over one second of buffer, so a segment of n seconds
// holds at most n+1 seconds' worth.
func peakBits(kbps, audioKbps int, g grid) int64 {
	return containerBits(kbps)*(g.segment+g.fps)/g.segment + containerBits(audioKbps)
}

// newVariants says of each rendition what is known before anything is encoded.
func newVariants(o Options, g grid, audioCodec string) []variant {
	out := make([]variant, 0, len(o.Rungs)+1)
	for _, r := range o.Rungs {
		out = append(out, variant{
			name: r.Name(), bits: peakBits(r.Kbps, o.AudioKbps, g), meanBits: containerBits(r.Kbps + o.AudioKbps),
		})
	}
	// An AAC encoder's reservoir evens out over a segment.
	sound := containerBits(o.AudioKbps)
	return append(out, variant{name: audioName, codecs: audioCodec, bits: sound * 5 / 4, meanBits: sound})
}
