package rtmp

import (
	"bytes"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"

	"github.com/regie-live/regie/transcode/media"
)

type nowhere struct{}

func (nowhere) SetTracks([]media.Track) error { return nil }
func (nowhere) Write(media.AccessUnit)        {}
func (nowhere) Dropped(string, int)           {}

// BenchmarkSecond takes a second of 2.5 Mbit/s H.264 at 30 pictures a second
// with AAC, in chunks of 4096 bytes as OBS sends them, to access units.
func BenchmarkSecond(b *testing.B) {
	var wire bytes.Buffer
	w := rawmessage.NewWriter(&wire, bytecounter.NewWriter(&wire), false)
	w.SetChunkSize(4096)
	write := func(stream byte, m rawMessage) {
		if err := w.Write(&rawmessage.Message{
			ChunkStreamID: stream, Type: m.typ, Timestamp: time.Duration(m.time) * time.Millisecond, Body: m.body,
		}); err != nil {
			b.Fatal(err)
		}
	}
	const picture = 2_500_000 / 8 / 30
	frame := append(bytes.Clone(pFrame[:5]), 0, 0, byte(picture>>8), byte(picture&0xff))
	frame = append(frame, bytes.Repeat([]byte{0x41}, picture)...)
	write(6, video(0, avcConfig))
	write(4, audio(0, aacConfig))
	for i := range uint32(47) {
		if i < 30 {
			write(6, video(i*33, frame))
		}
		write(4, audio(i*21, append(bytes.Clone(aacFrame[:2]), make([]byte, 341)...)))
	}
	b.SetBytes(int64(wire.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := newChunkReader(bytes.NewReader(wire.Bytes()))
		r.media, r.chunkSize = true, 4096
		d := demuxer{sink: nowhere{}}
		for {
			m, err := r.read()
			if err != nil {
				break
			}
			if err := d.message(m, time.Unix(1, 0)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
