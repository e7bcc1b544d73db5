package rtmp

import (
	"bytes"
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/transcode/media"
)

// publish connects gortmplib's client and announces tracks.
func publish(t *testing.T, st *studio, tracks ...*gortmplib.Track) (*gortmplib.Client, *gortmplib.Writer) {
	t.Helper()
	u, err := url.Parse(st.url("live/" + string(ingesttest.Key)))
	if err != nil {
		t.Fatal(err)
	}
	client := &gortmplib.Client{URL: u, Publish: true}
	if err := client.Initialize(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := &gortmplib.Writer{Conn: client, Tracks: tracks}
	if err := w.Initialize(); err != nil {
		t.Fatal(err)
	}
	return client, w
}

func at(i int) time.Duration { return time.Duration(i) * 40 * time.Millisecond }

func TestEnhancedH265AndOpus(t *testing.T) {
	st := newStudio(t, nil)
	stream := ingesttest.Clip(t, 12, "-c:v", "libx265", "-preset", "ultrafast",
		"-x265-params", "aud=1:bframes=0:keyint=6:log-level=error", "-f", "hevc")
	var units h264.AnnexB // the same start codes
	if err := units.Unmarshal(stream); err != nil {
		t.Fatal(err)
	}
	video := &codecs.H265{}
	var pictures [][][]byte
	for _, n := range units {
		switch h265.NALUType(n[0] >> 1 & 0x3f) {
		case h265.NALUType_AUD_NUT:
			pictures = append(pictures, nil)
			continue
		case h265.NALUType_VPS_NUT:
			video.VPS = n
		case h265.NALUType_SPS_NUT:
			video.SPS = n
		case h265.NALUType_PPS_NUT:
			video.PPS = n
		}
		pictures[len(pictures)-1] = append(pictures[len(pictures)-1], n)
	}
	v := &gortmplib.Track{Codec: video}
	a := &gortmplib.Track{Codec: &codecs.Opus{IDHeader: &opus.IDHeader{Version: 1, ChannelCount: 1, InputSampleRate: 48000}}}
	client, w := publish(t, st, v, a)
	packet := bytes.Repeat([]byte{0xfc}, 40)
	for i, au := range pictures {
		if err := w.WriteH265(v, at(i)+40*time.Millisecond, at(i), au); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteOpus(a, at(i), packet); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()

	c := st.seats.WaitClosed(0)
	checkCodecs(t, c, []media.Codec{media.H265, media.Opus})
	if ch := c.Last()[1].Channels; ch != 1 {
		t.Errorf("Opus has %d channels, want 1", ch)
	}
	got := c.Of(media.Video)
	if n := ingesttest.DecodeVideo(t, media.H265, c.Elementary(media.Video)); n != 12 || len(got) != 12 {
		t.Errorf("%d of %d pictures decode, want 12", n, len(got))
	}
	for i, au := range got {
		if au.PTS != at(i)+40*time.Millisecond {
			t.Errorf("picture %d at %v", i, au.PTS)
		}
		if want := i%6 == 0; au.Key != want { // gortmplib does not say
			t.Errorf("picture %d is a keyframe: %v, want %v", i, au.Key, want)
		}
	}
	if sounds := c.Of(media.Audio); len(sounds) != 12 || !bytes.Equal(sounds[3].Data, packet) || sounds[3].PTS != at(3) {
		t.Errorf("%d sounds", len(sounds))
	}
}

func TestEnhancedAV1(t *testing.T) {
	st := newStudio(t, nil)
	stream := ingesttest.Clip(t, 6, "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-g", "3", "-f", "obu")
	var obus av1.Bitstream
	if err := obus.Unmarshal(stream); err != nil {
		t.Fatal(err)
	}
	track := &gortmplib.Track{Codec: &codecs.AV1{}}
	client, w := publish(t, st, track)
	var unit [][]byte
	n := 0
	flush := func() {
		if len(unit) == 0 {
			return
		}
		if err := w.WriteAV1(track, at(n), unit); err != nil {
			t.Fatal(err)
		}
		unit = nil
		n++
	}
	for _, obu := range obus {
		if av1.OBUType(obu[0]>>3&0xf) == av1.OBUTypeTemporalDelimiter {
			flush()
			continue
		}
		unit = append(unit, obu)
	}
	flush()
	client.Close()

	c := st.seats.WaitClosed(0)
	checkCodecs(t, c, []media.Codec{media.AV1})
	units := c.Of(media.Video)
	if got := ingesttest.DecodeVideo(t, media.AV1, c.Elementary(media.Video)); got != 6 || len(units) != 6 {
		t.Errorf("%d of %d pictures decode, want 6", got, len(units))
	}
	for i, au := range units {
		if au.Data[0]>>3&0xf == 2 {
			t.Errorf("unit %d begins with a temporal delimiter", i)
		}
		if want := i%3 == 0; au.Key != want {
			t.Errorf("unit %d is a keyframe: %v, want %v", i, au.Key, want)
		}
	}
}

func TestEnhancedVP9(t *testing.T) {
	st := newStudio(t, nil)
	track := &gortmplib.Track{Codec: &codecs.VP9{}}
	client, w := publish(t, st, track)
	for i := range 3 {
		first := byte(0x86) // VP9 bitstream section 6.2: no keyframe
		if i == 0 {
			first = 0x82
		}
		if err := w.WriteVP9(track, at(i), []byte{first, byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	c := st.seats.WaitClosed(0)
	checkCodecs(t, c, []media.Codec{media.VP9})
	if us := c.Of(media.Video); len(us) != 3 || !bytes.Equal(us[2].Data, []byte{0x86, 2}) || !us[0].Key || us[2].Key {
		t.Errorf("units = %v", us)
	}
}

// TestSilence: an encoder that is let in and sends nothing, or stops, is told so
// and closed.
func TestSilence(t *testing.T) {
	short := func(o *Options) { o.MediaTimeout = 200 * time.Millisecond }
	t.Run("from the start", func(t *testing.T) {
		st := newStudio(t, short)
		publish(t, st)
		st.waitRefusal(t, "no_media")
		st.seats.WaitClosed(0)
	})
	t.Run("later", func(t *testing.T) {
		st := newStudio(t, short)
		track := &gortmplib.Track{Codec: &codecs.VP9{}}
		_, w := publish(t, st, track)
		if err := w.WriteVP9(track, 0, []byte{0x82, 0}); err != nil {
			t.Fatal(err)
		}
		c := st.seats.WaitClosed(0)
		if len(c.Units) != 1 || c.Cause == nil || c.Cause.Error() != "the encoder sent nothing for too long" {
			t.Errorf("%s", c)
		}
	})
}
