package health

import (
	"cmp"
	"math"
	"slices"
)

// Limits are what a seat is made for.
type Limits struct {
	Width, Height int // of the program, in pixels
	FPS           int
	Kbps          int // what a seat is meant to send
	MaxPixels     int // a larger picture is not mixed; 0: any
	Cores         int // of the machine
}

// Code names a piece of advice. The pages' catalogues have a sentence for each,
// "advice.CODE".
type Code string

// Every piece of advice, the worst first: Advise keeps this order.
const (
	NoPicture    Code = "no_video"
	PictureHuge  Code = "size_refused" // larger than we mix
	NoKeyframe   Code = "no_keyframe"  // none for NoKeyframeAfter
	NoSound      Code = "no_audio"
	SilentSound  Code = "silent_audio"
	OutOfSync    Code = "av_offset"
	KeyframesFar Code = "keyframes_far"
	VariableRate Code = "variable_fps"
	BitrateHigh  Code = "bitrate_high"
	HeavyCodec   Code = "heavy_codec" // on a small machine
	PictureLarge Code = "size_high"
	RateLow      Code = "fps_low"
	RateHigh     Code = "fps_high"
	BFrames      Code = "b_frames"
	OddRate      Code = "audio_rate"
	MonoSound    Code = "mono_audio"
)

var worstFirst = []Code{
	NoPicture, PictureHuge, NoKeyframe, NoSound, SilentSound, OutOfSync, KeyframesFar, VariableRate,
	RateLow, BitrateHigh, HeavyCodec, PictureLarge, RateHigh, BFrames, OddRate, MonoSound,
}

// Level says whether the stream is fine with it.
type Level string

// The levels.
const (
	MustFix Level = "fix"
	Hint    Level = "hint" // it works; it could be better
)

// Advice is one thing to change, with the numbers for its sentence.
type Advice struct {
	Code   Code   `json:"code"`
	Level  Level  `json:"level"`
	Values Values `json:"values,omitempty"`
}

// Values are the numbers of a sentence by the name of their blank.
type Values map[string]float64

// sure: what is known from the first second.
func (a Advice) sure() bool { return a.Code == PictureHuge }

// What is tolerated. OBS's default is a keyframe every 250 frames: 8.3 s at 30.
const (
	keyframeHint    = 2.5 // seconds; "2 s" in an encoder comes as 2.0 to 2.1
	keyframeFix     = 4.0
	NoKeyframeAfter = 10.0
	unsteadyAbove   = 0.25
	bitrateOver     = 1.25 // encoders overshoot
	bitrateFarOver  = 2.0
	pixelsOver      = 1.5  // 720p → 900p; 1080p is 2.25
	fpsOver         = 1.3  // 25 → 30 is none
	fpsUnder        = 0.65 // 30 → 20 is none: browsers and cameras have it in little light
	offsetAbove     = 150  // ms; by arrival, which encoders and networks spread by much less
	silentBelow     = -60  // LUFS
	silentAfter     = 10   // seconds; people pause
	smallMachine    = 4    // cores
)

// Advise says what to change, worst first. It judges only what h knows.
func Advise(h Health, l Limits) []Advice {
	var all []Advice
	switch {
	case h.Video == nil && h.Audio == nil:
		return nil
	case h.Video == nil:
		all = append(all, Advice{Code: NoPicture, Level: MustFix})
	default:
		all = append(all, adviseSize(*h.Video, h.Protocol, l)...)
		all = append(all, adviseCoding(*h.Video, h.Protocol, l)...)
	}
	if h.Audio == nil {
		all = append(all, Advice{Code: NoSound, Level: MustFix})
	} else {
		all = append(all, adviseAudio(*h.Audio)...)
	}
	if h.AVOffset != nil && math.Abs(float64(*h.AVOffset)) > offsetAbove {
		all = append(all, Advice{OutOfSync, MustFix, Values{"ms": float64(*h.AVOffset)}})
	}
	slices.SortStableFunc(all, func(a, b Advice) int {
		return cmp.Or(
			cmp.Compare(a.Level, b.Level), // "fix" before "hint"
			slices.Index(worstFirst, a.Code)-slices.Index(worstFirst, b.Code))
	})
	return all
}

// adviseSize compares with the program: what is larger or faster is thrown away.
func adviseSize(v Video, protocol string, l Limits) (all []Advice) {
	pixels, program := v.Width*v.Height, l.Width*l.Height
	sizes := Values{"w": float64(v.Width), "h": float64(v.Height), "pw": float64(l.Width), "ph": float64(l.Height)}
	switch {
	case l.MaxPixels > 0 && pixels > l.MaxPixels:
		all = append(all, Advice{PictureHuge, MustFix, sizes})
	case program > 0 && float64(pixels) > pixelsOver*float64(program):
		all = append(all, Advice{PictureLarge, Hint, sizes})
	}
	switch rates := (Values{"fps": v.FPS, "pfps": float64(l.FPS)}); {
	case l.FPS <= 0 || v.FPS <= 0:
	case v.FPS > fpsOver*float64(l.FPS):
		all = append(all, Advice{RateHigh, Hint, rates})
	case v.FPS < fpsUnder*float64(l.FPS):
		level := MustFix
		if protocol == "whip" { // a screen that is shared rests when nothing moves on it
			level = Hint
		}
		all = append(all, Advice{RateLow, level, rates})
	}
	switch kbps, seat := float64(v.Kbps), float64(l.Kbps); {
	case seat > 0 && kbps > bitrateFarOver*seat:
		all = append(all, Advice{BitrateHigh, MustFix, Values{"kbps": kbps, "seat": seat}})
	case seat > 0 && kbps > bitrateOver*seat:
		all = append(all, Advice{BitrateHigh, Hint, Values{"kbps": kbps, "seat": seat}})
	}
	return all
}

// adviseCoding: over WHIP we ask for keyframes when we need them, and browsers and
// cameras vary their rate with the light; but a browser that gets the picture as it
// came cannot show B-frames.
func adviseCoding(v Video, protocol string, l Limits) (all []Advice) {
	onRequest := protocol == "whip"
	switch {
	case onRequest:
	case v.NoKey >= NoKeyframeAfter:
		all = append(all, Advice{NoKeyframe, MustFix, Values{"s": v.NoKey}})
	case v.Keyframe > keyframeFix:
		all = append(all, Advice{KeyframesFar, MustFix, Values{"s": v.Keyframe}})
	case v.Keyframe > keyframeHint:
		all = append(all, Advice{KeyframesFar, Hint, Values{"s": v.Keyframe}})
	}
	if v.Unsteady > unsteadyAbove && !onRequest {
		all = append(all, Advice{VariableRate, MustFix, Values{"fps": v.FPS}})
	}
	if v.BFrames > 0 {
		level := Hint
		if onRequest {
			level = MustFix
		}
		all = append(all, Advice{BFrames, level, Values{"n": float64(v.BFrames)}})
	}
	switch v.Codec {
	case "h265", "vp9", "av1":
		if l.Cores > 0 && l.Cores <= smallMachine {
			all = append(all, Advice{HeavyCodec, Hint, Values{"cores": float64(l.Cores)}})
		}
	}
	return all
}

func adviseAudio(a Audio) (all []Advice) {
	if a.Silent >= silentAfter {
		all = append(all, Advice{Code: SilentSound, Level: MustFix})
	}
	if a.Channels == 1 {
		all = append(all, Advice{Code: MonoSound, Level: Hint})
	}
	if a.Rate != 0 && a.Rate != 48000 && a.Rate != 44100 {
		all = append(all, Advice{OddRate, Hint, Values{"hz": float64(a.Rate)}})
	}
	return all
}
