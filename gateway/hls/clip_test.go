package hls

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/transcode"
)

// Shape of the test clip.
const (
	clipFPS     = 30
	clipGOP     = 60
	clipSeconds = 12
	clipWidth   = 320
	clipHeight  = 180
)

// clipOnce makes the clip once for all tests of the binary.
var clipOnce = sync.OnceValues(func() ([]transcode.Packet, error) {
	video, err := encode(clipWidth, clipHeight, 400)
	if err != nil {
		return nil, err
	}
	audio, err := ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", strconv.Itoa(clipSeconds),
		"-ac", "2", "-c:a", "aac", "-b:a", "96k", "-f", "adts", "-")
	if err != nil {
		return nil, err
	}
	return interleave(video, audio)
})

// encode makes the clip's pictures in one size, with keyframes at the same frames
// in every size.
func encode(width, height, kbps int) ([]byte, error) {
	return ffmpeg("-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%dx%d:rate=30", width, height), "-t", strconv.Itoa(clipSeconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-pix_fmt", "yuv420p",
		"-g", strconv.Itoa(clipGOP), "-keyint_min", strconv.Itoa(clipGOP), "-sc_threshold", "0",
		"-x264-params", "aud=1:repeat-headers=1:slices=1",
		"-b:v", fmt.Sprintf("%dk", kbps), "-maxrate", fmt.Sprintf("%dk", kbps), "-bufsize", fmt.Sprintf("%dk", kbps/2), "-f", "h264", "-")
}

// largeOnce makes the clip's pictures in twice the size.
var largeOnce = sync.OnceValues(func() ([]transcode.Packet, error) {
	video, err := encode(2*clipWidth, 2*clipHeight, 900)
	if err != nil {
		return nil, err
	}
	return interleave(video, nil)
})

// twoRungs is the clip with a rung above it, as the mixer would send both.
func twoRungs(t testing.TB) []transcode.Packet {
	t.Helper()
	large, err := largeOnce()
	if err != nil {
		t.Fatalf("making the test clip (apt install ffmpeg): %v", err)
	}
	var out []transcode.Packet
	for _, p := range clip(t) {
		if p.Track == transcode.Video {
			out = append(out, large[0])
			large = large[1:]
			p.Rung = 1
		}
		out = append(out, p)
	}
	return out
}

func twoRungOptions() Options {
	o := clipOptions()
	o.Rungs = append([]transcode.Rung{{Width: 2 * clipWidth, Height: 2 * clipHeight, Kbps: 900}}, o.Rungs...)
	return o
}

func ffmpeg(args ...string) ([]byte, error) {
	return exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...).Output()
}

// clip is twelve seconds of a moving test picture and a 440 Hz tone, as the
// program would deliver them. It needs Debian's ffmpeg.
func clip(t testing.TB) []transcode.Packet {
	t.Helper()
	packets, err := clipOnce()
	if err != nil {
		t.Fatalf("making the test clip (apt install ffmpeg): %v", err)
	}
	return packets
}

// interleave puts before each picture the sound that begins before the picture's end.
func interleave(video, adts []byte) ([]transcode.Packet, error) {
	var sounds mpeg4audio.ADTSPackets
	if err := sounds.Unmarshal(adts); err != nil && adts != nil {
		return nil, err
	}
	var out []transcode.Packet
	next := 0
	for i, au := range bytes.Split(video, []byte{0, 0, 0, 1, 9})[1:] {
		au = append([]byte{0, 0, 0, 1, 9}, au...)
		var units h264.AnnexB
		if err := units.Unmarshal(au); err != nil {
			return nil, err
		}
		for ; next < len(sounds) && int64(next)*1024*clipFPS < int64(i+1)*transcode.AudioClock; next++ {
			out = append(out, transcode.Packet{Track: transcode.AAC, PTS: int64(next) * 1024, Key: true, Data: sounds[next].AU})
		}
		out = append(out, transcode.Packet{
			Track: transcode.Video, PTS: int64(i) * transcode.VideoClock / clipFPS,
			Key: h264.IsRandomAccess(units), Data: au,
		})
	}
	return out, nil
}
