// Package transcode turns the feeds of a stage into one program.
//
// A Session is the gateway's side: it starts `regie worker` as a child
// process, feeds it compressed media and hands out the compressed program. It
// never touches a codec itself, so nothing a peer sends can crash the gateway.
//
// It guarantees:
//   - Output is called from one goroutine, in order, with a timeline that never
//     goes back and never starts again, however often the worker is replaced.
//     All rungs have the same frames, with keyframes at the same ones.
//   - No method but Run blocks on a peer or on the worker. A full queue drops
//     access units up to the source's next keyframe and counts them.
//   - A worker that dies is replaced at once; one that hangs is killed after
//     heartbeatTimeout and replaced. Sources, tracks, scene and gains are given
//     to the new worker, and each source's last group of pictures is replayed.
package transcode

import (
	"strconv"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// Program is what comes out. It never changes while a session is live, so that
// players never see a discontinuity.
type Program struct {
	Width  int `json:"width"`  // even, 160 to 1920
	Height int `json:"height"` // even, 160 to 1920
	FPS    int `json:"fps"`    // 10 to 60
	Kbps   int `json:"kbps"`   // video bitrate
	// Ladder is the further encodings of the same pictures, each smaller than the
	// one before, at most MaxRungs-1 of them. Rungs lists all.
	Ladder    []Rung `json:"ladder,omitempty"`
	GOP       int    `json:"gop"`  // frames from one scheduled keyframe to the next
	Part      int    `json:"part"` // frames per HLS part: one is encoded at each such border even when ticks are skipped
	AACKbps   int    `json:"aac_kbps"`
	OpusKbps  int    `json:"opus_kbps"`
	MaxPixels int    `json:"max_pixels"` // largest picture accepted from a source, width × height
}

// MaxRungs bounds the encodings of a program.
const MaxRungs = 4

// Rung is one encoding of the program's pictures. All rungs have their keyframes
// at the same frames.
type Rung struct {
	Width  int `json:"width"` // even; the shape is the program's
	Height int `json:"height"`
	Kbps   int `json:"kbps"` // mean and ceiling, over one second
}

// Name is what a rung is called in addresses, labels and menus: its shorter side,
// as in 720p. The rungs of a program have different names.
func (r Rung) Name() string { return strconv.Itoa(min(r.Width, r.Height)) + "p" }

// SourceID names a participant's place in the mix; see show.ParticipantID.
type SourceID string

// Rect is a cell's place in the program, in pixels; all four are even.
type Rect struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Fit says how a picture fills a cell of another shape.
type Fit string

// Contain letterboxes, Cover crops. Auto crops as long as half of the picture
// stays: a face beside another fills its cell, a phone's upright picture on a
// wide screen is shown whole.
const (
	Auto    Fit = ""
	Contain Fit = "contain"
	Cover   Fit = "cover"
)

// Cell shows one source.
type Cell struct {
	Source SourceID `json:"source"`
	Rect   Rect     `json:"rect"`
	Fit    Fit      `json:"fit"`
	// Caption is drawn in the cell's lower left corner; empty draws nothing.
	Caption string `json:"caption,omitempty"`
	// Card shows the source's name card whatever it sends: the camera is off.
	Card bool `json:"card,omitempty"`
	// Silent keeps the source out of the mix although it shows.
	Silent bool `json:"silent,omitempty"`
}

// Scene is the whole picture: either a slate, or cells in drawing order. A source
// is heard while it has a cell.
type Scene struct {
	Slate *Slate `json:"slate,omitempty"`
	Cells []Cell `json:"cells,omitempty"`
	// LowerThird and Logo lie over cells and slates alike.
	LowerThird *LowerThird `json:"lower_third,omitempty"`
	Logo       *Logo       `json:"logo,omitempty"`
	// Fade is how long the picture takes to change from the scene before to this
	// one, at most MaxFade; 0 cuts. Only who is where fades, and what a slate says: a
	// change of overlays, captions or cards alone never does.
	Fade time.Duration `json:"fade,omitempty"`
}

// LowerThird is a card in the lower part of the picture. It slides in and out.
type LowerThird struct {
	Title string `json:"title"`
	Line  string `json:"line"`
}

// Logo is a picture in the upper right corner. One that is no PNG within the limits
// is told in the log and not shown.
type Logo struct {
	PNG []byte `json:"png,omitempty"`
}

// MaxLogoBytes and MaxLogoSide are the limits of a Logo.
const (
	MaxLogoBytes = 256 << 10
	MaxLogoSide  = 1024 // pixels, of either side
)

// Slate is a full-screen card for when there is nobody to show: before the
// start, while the host is away, after the end.
type Slate struct {
	Title string `json:"title"`
	Line  string `json:"line"`
	// Until, in program time, is counted down to in minutes and seconds, hours
	// too when there are any; what is past shows 00:00. 0 counts nothing.
	Until time.Duration `json:"until,omitempty"`
}

// Source is a participant's place in the mix. It outlives its publishers.
type Source struct {
	ID   SourceID `json:"id"`
	Name string   `json:"name"` // shown on the name card while there is no picture
	Gain float64  `json:"gain"` // linear, 0 to 4; 1 leaves the level as it is
}

// Track tells the outputs of the program apart.
type Track uint8

// Video is H.264 Constrained Baseline in Annex B form with in-band parameter
// sets at every keyframe. Both audio tracks carry the same mix in stereo at
// 48 kHz.
const (
	Video Track = iota
	AAC         // AAC-LC, 1024 samples a packet
	Opus        // 20 ms a packet
)

// VideoClock and AudioClock are the timescales of Packet.PTS, in Hz.
const (
	VideoClock = 90000
	AudioClock = 48000
)

// Packet is one coded piece of the program.
type Packet struct {
	Track Track
	// Rung is the encoding that a Video packet belongs to: an index into
	// Program.Rungs. The packets of one frame follow each other, rung 0 first; a
	// frame comes in all rungs or, when a worker dies in the middle of it, in none.
	Rung int
	// PTS is program time: 0 is Session.Epoch. In VideoClock for Video, where it
	// is always a whole number of frames; in AudioClock for the others.
	PTS  int64
	Key  bool
	Data []byte
}

// Stats is what a worker says of itself with every heartbeat. Counters count
// from the start of the Session, over all its workers.
type Stats struct {
	Frames      uint64        `json:"frames"`       // program frames encoded
	Late        uint64        `json:"late"`         // ticks skipped because they came too late
	FrameTime   time.Duration `json:"frame_time"`   // compose and encode all rungs, mean since the last heartbeat
	AVOffset    time.Duration `json:"av_offset"`    // largest |audio − video| of any source at the mixer, signed
	Dropped     uint64        `json:"dropped"`      // access units thrown away before the mixer
	FrameTimes  []float64     `json:"frame_times"`  // seconds of each frame since the last heartbeat, for the histogram
	Rungs       []RungStats   `json:"rungs"`        // in the order of Program.Rungs
	SourceStats []SourceStats `json:"source_stats"` //
	PID         int           `json:"pid"`          // of the worker
}

// RungStats describes one encoding.
type RungStats struct {
	Name string `json:"name"`
	// SpeedRatio is the frame period ÷ the mean time from the beginning of a frame
	// to this rung's packet; below 1 the mixer falls behind.
	SpeedRatio float64 `json:"speed_ratio"`
}

// SourceStats describes one source at the mixer.
type SourceStats struct {
	ID       SourceID      `json:"id"`
	Live     bool          `json:"live"` // pictures arrive
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	AVOffset time.Duration `json:"av_offset"`
	Errors   uint64        `json:"errors"`
	// FPS is the pictures a second of the last seconds, 0 while none come; VFR
	// says that they come at uneven distances by their own timestamps.
	FPS float64 `json:"fps"`
	VFR bool    `json:"vfr,omitempty"`
	// Loudness is how loud the source itself is, before its gain: momentary, in
	// LUFS (ITU-R BS.1770, the last 0.4 s). Silence, and no sound at all, is
	// Silence.
	Loudness float64 `json:"loudness"`
}

// Silence is the loudness of what cannot be heard, in LUFS.
const Silence = -70

// Events are a Session's calls back to its owner. They must not block; they may
// call the Session's methods, but not wait for Run. Output, Return, Stats and
// Restarted come from Run's goroutine; NeedKeyframe also from whoever calls Push. Output may
// come until Run returns.
type Events struct {
	// Output receives the program.
	Output func(Packet)
	// NeedKeyframe asks for a keyframe from a source's publisher. At most one
	// call per source and second.
	NeedKeyframe func(SourceID)
	// Return receives what sources send, coded anew for browsers, for those that
	// Session.SetReturn asks for.
	Return func(ReturnUnit)
	// Stats is called with every heartbeat, five times a second.
	Stats func(Stats)
	// Restarted tells that a worker was replaced, and why.
	Restarted func(cause error)
}

// ReturnUnit is a piece of a source as other participants get it: its picture as
// H.264 Constrained Baseline without B-frames, within 640 × 360 or upright
// 360 × 640, or its sound as Opus in stereo, 20 ms a packet. PTS is program time,
// the same clock for both, and goes up. Nothing comes while the source sends
// nothing; after a pause, and in a new worker, pictures begin with a keyframe.
type ReturnUnit struct {
	Source SourceID
	media.AccessUnit
}

// Input is one access unit for one source.
type Input struct {
	Source SourceID
	media.AccessUnit
}
