package ingesttest

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/transcode/media"
)

// ivf writes the container that libvpx made for itself: a header of 32 bytes,
// then every frame after its length and number.
func ivf(codec media.Codec, units []media.AccessUnit) []byte {
	name := map[media.Codec]string{media.VP8: "VP80", media.VP9: "VP90", media.AV1: "AV01"}[codec]
	var b bytes.Buffer
	b.WriteString("DKIF")
	b.Write([]byte{0, 0, 32, 0})
	b.WriteString(name)
	le := binary.LittleEndian
	for _, v := range []uint32{320 | 180<<16, 1000, 1, uint32(len(units)), 0} {
		b.Write(le.AppendUint32(nil, v))
	}
	for _, au := range units {
		b.Write(le.AppendUint32(nil, uint32(len(au.Data))))
		b.Write(le.AppendUint64(nil, uint64(au.PTS.Milliseconds())))
		b.Write(au.Data)
	}
	return b.Bytes()
}

func adts(t testing.TB, config []byte, units []media.AccessUnit) []byte {
	var c mpeg4audio.AudioSpecificConfig
	if err := c.Unmarshal(config); err != nil {
		t.Fatalf("AudioSpecificConfig %x: %v", config, err)
	}
	var packets mpeg4audio.ADTSPackets
	for _, au := range units {
		packets = append(packets, &mpeg4audio.ADTSPacket{
			Type: c.Type, SampleRate: c.SampleRate, ChannelCount: c.ChannelCount, AU: au.Data,
		})
	}
	b, err := packets.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
