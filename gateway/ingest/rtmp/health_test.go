package rtmp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/show"
)

// What a careless encoder sends is found out, all of it.
func TestHealthOfARealEncoder(t *testing.T) {
	st := newStudio(t, nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		args := append(ingesttest.VideoInput(12), "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=22050:duration=12",
			"-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-bf", "2", "-g", "125", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
			"-c:a", "aac", "-ac", "1", "-f", "flv", st.url("live/"+string(ingesttest.Key)))
		if said, err := ingesttest.FFmpeg(t, nil, args...); err != nil {
			t.Errorf("ffmpeg: %v\n%s", err, said)
		}
	}()
	// 11 s in, while it sends: two keyframes have come, 5 s apart.
	st.seats.Wait(0, "11 s of pictures", func(c ingesttest.Claim) bool { return len(c.Units) > 0 && len(c.Of(0)) >= 11*25 })
	limits := health.Limits{Width: 160, Height: 90, FPS: 10, Kbps: 20, Cores: 2}
	h := st.door.Health("studio", []show.Participant{{ID: "host", Name: "Ana"}}, limits, nil)[0]
	v, a := *h.Video, *h.Audio
	if v.Codec != "h264" || v.Profile != "Main" || v.Width != 320 || v.Height != 180 || v.FPS < 24.5 || v.FPS > 25.5 ||
		v.Keyframe != 5 || v.BFrames != 2 || v.Kbps < 50 || a.Codec != "aac" || a.Rate != 22050 || a.Channels != 1 {
		t.Errorf("measured %+v %+v", v, a)
	}
	if h.AVOffset == nil {
		t.Error("no A/V offset was measured")
	}
	h.AVOffset = nil // how far apart ffmpeg sends them depends on the machine
	h.Judge(11*time.Second, limits)
	var got []health.Code
	for _, advice := range health.Advise(h, limits) {
		got = append(got, advice.Code)
	}
	want := []health.Code{health.KeyframesFar, health.BitrateHigh, health.PictureLarge, health.RateHigh, health.BFrames, health.OddRate, health.MonoSound}
	if diff := cmp.Diff(want, got); diff != "" || h.State != health.Fix || h.Advice.Code != health.KeyframesFar {
		t.Errorf("%s, advice (-want +got):\n%s", h.State, diff)
	}
	<-ended
}
