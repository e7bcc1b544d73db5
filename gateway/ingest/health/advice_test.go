package health

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var seat = Limits{Width: 1280, Height: 720, FPS: 30, Kbps: 2500, MaxPixels: 1920 * 1080, Cores: 8}

// fine is a stream without anything to say of it.
func fine() Health {
	offset := 12
	return Health{
		Protocol: "rtmp",
		Video:    &Video{Codec: "h264", Profile: "High", Width: 1280, Height: 720, FPS: 30, Kbps: 2400, KbpsNow: 2400, Keyframe: 2},
		Audio:    &Audio{Codec: "aac", Rate: 48000, Channels: 2, Kbps: 128},
		AVOffset: &offset,
	}
}

func TestAdvise(t *testing.T) {
	whole := func(n int) *int { return &n }
	for _, tt := range []struct {
		name  string
		spoil func(*Health, *Limits)
		want  []Code
		level Level // of the first
	}{
		{"fine", func(h *Health, _ *Limits) {}, nil, ""},
		{"nothing is known yet", func(h *Health, _ *Limits) { *h = Health{} }, nil, ""},
		{"nothing is measured yet", func(h *Health, _ *Limits) { h.Video, h.AVOffset = &Video{Codec: "h264"}, nil }, nil, ""},
		{"OBS as it comes: 250 frames at 30", func(h *Health, _ *Limits) { h.Video.Keyframe = 8.3 }, []Code{KeyframesFar}, MustFix},
		{"a bit far", func(h *Health, _ *Limits) { h.Video.Keyframe = 3 }, []Code{KeyframesFar}, Hint},
		{"one second", func(h *Health, _ *Limits) { h.Video.Keyframe = 1 }, nil, ""},
		{"no keyframe any more", func(h *Health, _ *Limits) { h.Video.NoKey = 10 }, []Code{NoKeyframe}, MustFix},
		{"between keyframes", func(h *Health, _ *Limits) { h.Video.NoKey = 9.9 }, nil, ""},
		{"a browser sends keyframes when asked", func(h *Health, _ *Limits) {
			h.Protocol, h.Video.Keyframe, h.Video.NoKey, h.Video.Unsteady = "whip", 40, 100, 0.5
		}, nil, ""},
		{"no sound", func(h *Health, _ *Limits) { h.Audio, h.AVOffset = nil, nil }, []Code{NoSound}, MustFix},
		{"no picture", func(h *Health, _ *Limits) { h.Video, h.AVOffset = nil, nil }, []Code{NoPicture}, MustFix},
		{"silence", func(h *Health, _ *Limits) { h.Audio.Silent = 10 }, []Code{SilentSound}, MustFix},
		{"a pause", func(h *Health, _ *Limits) { h.Audio.Silent = 9 }, nil, ""},
		{"mono", func(h *Health, _ *Limits) { h.Audio.Channels = 1 }, []Code{MonoSound}, Hint},
		{"odd rate", func(h *Health, _ *Limits) { h.Audio.Rate = 22050 }, []Code{OddRate}, Hint},
		{"CD rate", func(h *Health, _ *Limits) { h.Audio.Rate = 44100 }, nil, ""},
		{"variable rate", func(h *Health, _ *Limits) { h.Video.Unsteady = 0.4 }, []Code{VariableRate}, MustFix},
		{"bitrate a bit over", func(h *Health, _ *Limits) { h.Video.Kbps = 3000 }, nil, ""},
		{"bitrate over", func(h *Health, _ *Limits) { h.Video.Kbps = 4000 }, []Code{BitrateHigh}, Hint},
		{"bitrate far over", func(h *Health, _ *Limits) { h.Video.Kbps = 6000 }, []Code{BitrateHigh}, MustFix},
		{"B-frames", func(h *Health, _ *Limits) { h.Video.BFrames = 2 }, []Code{BFrames}, Hint},
		{"B-frames over WHIP", func(h *Health, _ *Limits) { h.Protocol, h.Video.BFrames = "whip", 2 }, []Code{BFrames}, MustFix},
		{"1080p into 720p", func(h *Health, _ *Limits) { h.Video.Width, h.Video.Height = 1920, 1080 }, []Code{PictureLarge}, Hint},
		{"larger than we mix", func(h *Health, _ *Limits) { h.Video.Width, h.Video.Height = 2560, 1440 }, []Code{PictureHuge}, MustFix},
		{"60 into 30", func(h *Health, _ *Limits) { h.Video.FPS = 60 }, []Code{RateHigh}, Hint},
		{"17 into 30", func(h *Health, _ *Limits) { h.Video.FPS = 17 }, []Code{RateLow}, MustFix},
		{"17 into 30 over WHIP", func(h *Health, _ *Limits) { h.Protocol, h.Video.FPS = "whip", 17 }, []Code{RateLow}, Hint},
		{"20 into 30", func(h *Health, _ *Limits) { h.Video.FPS = 20 }, nil, ""},
		{"17 into 25", func(h *Health, l *Limits) { h.Video.FPS, l.FPS = 17, 25 }, nil, ""},
		{"30 into 25", func(h *Health, l *Limits) { l.FPS = 25 }, nil, ""},
		{"AV1 on a large machine", func(h *Health, _ *Limits) { h.Video.Codec = "av1" }, nil, ""},
		{"AV1 on a small machine", func(h *Health, l *Limits) { h.Video.Codec, l.Cores = "av1", 2 }, []Code{HeavyCodec}, Hint},
		{"H.264 on a small machine", func(h *Health, l *Limits) { l.Cores = 2 }, nil, ""},
		{"sound early", func(h *Health, _ *Limits) { h.AVOffset = whole(151) }, []Code{OutOfSync}, MustFix},
		{"sound late", func(h *Health, _ *Limits) { h.AVOffset = whole(-151) }, []Code{OutOfSync}, MustFix},
		{"sound nearly late", func(h *Health, _ *Limits) { h.AVOffset = whole(-150) }, nil, ""},
		{"everything at once", func(h *Health, l *Limits) {
			h.Video.Keyframe, h.Video.BFrames, h.Video.Width, h.Video.Height, h.Video.Kbps = 8.3, 3, 1920, 1080, 6000
			h.Audio.Channels, h.Audio.Rate, h.AVOffset = 1, 32000, whole(200)
			h.Video.Codec, l.Cores = "h265", 2
		}, []Code{OutOfSync, KeyframesFar, BitrateHigh, HeavyCodec, PictureLarge, BFrames, OddRate, MonoSound}, MustFix},
		{"a hint stands behind what must be fixed", func(h *Health, _ *Limits) {
			h.Video.Keyframe, h.Video.Kbps = 3, 6000
		}, []Code{BitrateHigh, KeyframesFar}, MustFix},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, l := fine(), seat
			tt.spoil(&h, &l)
			advice := Advise(h, l)
			var got []Code
			for _, a := range advice {
				got = append(got, a.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("advice (-want +got):\n%s", diff)
			}
			if len(advice) > 0 && advice[0].Level != tt.level {
				t.Errorf("the first is a %q, want %q", advice[0].Level, tt.level)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name  string
		age   time.Duration
		spoil func(*Health)
		state State
		code  Code
	}{
		{"young", 3 * time.Second, func(*Health) {}, Checking, ""},
		{"young, and something may be wrong", 3 * time.Second, func(h *Health) { h.Audio = nil }, Checking, ""},
		{"young, and too large", time.Second, func(h *Health) { h.Video.Width = 5000 }, Fix, PictureHuge},
		{"grown up", Settling, func(*Health) {}, Good, ""},
		{"grown up, could be better", Settling, func(h *Health) { h.Audio.Channels = 1 }, Good, MonoSound},
		{"grown up, wrong", Settling, func(h *Health) { h.Audio = nil }, Fix, NoSound},
	} {
		h := fine()
		tt.spoil(&h)
		h.Judge(tt.age, seat)
		var code Code
		if h.Advice != nil {
			code = h.Advice.Code
		}
		if h.State != tt.state || code != tt.code {
			t.Errorf("%s: %s, %q, want %s, %q", tt.name, h.State, code, tt.state, tt.code)
		}
	}
}
