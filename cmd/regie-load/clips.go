package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/asticode/go-astits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/regie-live/regie/transcode/media"
)

// clip is one participant's stream in memory, and the file that ffmpeg reads.
type clip struct {
	file   string
	tracks []media.Track
	units  []timed // by the time at which a live encoder would send them
}

type timed struct {
	media.AccessUnit
	due time.Duration
}

const clipSeconds = 20

// makeClips has ffmpeg write four 720p30 streams at 2.5 Mbit/s: moving pictures
// with noise, so that neither decoding nor encoding is a walk-over.
func makeClips(ctx context.Context, dir string) ([]clip, error) {
	pictures := []string{
		"testsrc2=size=1280x720:rate=30",
		"mandelbrot=size=1280x720:rate=30",
		"testsrc=size=1280x720:rate=30",
		"smptehdbars=size=1280x720:rate=30",
	}
	var clips []clip
	for i, picture := range pictures {
		file := filepath.Join(dir, fmt.Sprintf("clip%d.ts", i))
		cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-y",
			"-f", "lavfi", "-i", picture+",noise=alls=6:allf=t", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:sample_rate=48000", 220+110*i),
			"-t", fmt.Sprint(clipSeconds), "-pix_fmt", "yuv420p",
			"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "high", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", "60",
			"-c:a", "aac", "-b:a", "128k", "-ac", "2", file)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("ffmpeg could not make a clip: %w", err)
		}
		c, err := readClip(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		clips = append(clips, c)
	}
	return clips, nil
}

// loopSeconds is a length in which 1/30 s pictures, two-second groups of them,
// AAC frames of 1024 samples and Opus packets of 20 ms all come out even.
const loopSeconds = 16

// makeLoopClip prepares what publishers play: 720p30 without B-frames, with AAC or
// Opus, of a file, or of a picture that is drawn for it.
func makeLoopClip(ctx context.Context, dir, source string, seconds int, opus bool, kbps int) (clip, error) {
	args := []string{"-v", "error", "-y", "-nostdin"}
	from := "0:a:0?"
	if source == "generated" {
		from = "1:a:0"
		args = append(args, "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t",
			"-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000")
	} else {
		args = append(args, "-i", source)
	}
	sound := []string{"-c:a", "aac", "-b:a", "128k"}
	name := "loop-aac.ts"
	if opus {
		sound, name = []string{"-c:a", "libopus", "-b:a", "96k", "-frame_duration", "20"}, "loop-opus.ts"
	}
	rate := fmt.Sprintf("%dk", kbps)
	file := filepath.Join(dir, name)
	picture := []string{"-vf", "scale=1280:720,fps=30", "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-profile:v", "baseline", "-bf", "0",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", "60", "-sc_threshold", "0"}
	if filepath.Dir(source) == dir { // a clip of ours, for other sound
		picture = []string{"-c:v", "copy"}
	}
	args = append(args, "-t", fmt.Sprint(seconds), "-map", "0:v:0", "-map", from)
	args = append(args, picture...)
	args = append(append(args, sound...), "-ac", "2", "-ar", "48000", file)
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return clip{}, fmt.Errorf("ffmpeg could not prepare %s: %w", source, err)
	}
	return readClip(file)
}

func readClip(file string) (clip, error) {
	c := clip{file: file}
	f, err := os.Open(file)
	if err != nil {
		return c, err
	}
	defer f.Close()
	r := &mpegts.Reader{R: bufio.NewReader(f)}
	if err := r.Initialize(); err != nil {
		return c, err
	}
	add := func(kind media.Kind, pts int64, key bool, data []byte) {
		at := time.Duration(pts) * time.Second / 90000
		c.units = append(c.units, timed{media.AccessUnit{Kind: kind, PTS: at, Key: key, Data: data}, at})
	}
	for _, t := range r.Tracks() {
		switch codec := t.Codec.(type) {
		case *tscodecs.H264:
			c.tracks = append(c.tracks, media.Track{Codec: media.H264})
			r.OnDataH264(t, func(pts, _ int64, au [][]byte) error {
				data, err := h264.AnnexB(au).Marshal()
				add(media.Video, pts, h264.IsRandomAccess(au), data)
				return err
			})
		case *tscodecs.Opus:
			c.tracks = append(c.tracks, media.Track{Codec: media.Opus, SampleRate: 48000, Channels: codec.ChannelCount})
			r.OnDataOpus(t, func(pts int64, packets [][]byte) error {
				for i, p := range packets {
					add(media.Audio, pts+int64(i)*90000/50, true, p)
				}
				return nil
			})
		case *tscodecs.MPEG4Audio:
			config, err := codec.Config.Marshal()
			if err != nil {
				return c, err
			}
			c.tracks = append(c.tracks, media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, Config: config})
			r.OnDataMPEG4Audio(t, func(pts int64, aus [][]byte) error {
				for i, au := range aus {
					add(media.Audio, pts+int64(i)*1024*90000/48000, true, au)
				}
				return nil
			})
		}
	}
	for {
		if err := r.Read(); errors.Is(err, io.EOF) || errors.Is(err, astits.ErrNoMorePackets) {
			break
		} else if err != nil {
			return c, err
		}
	}
	if len(c.units) == 0 {
		return c, errors.New("nothing in it")
	}
	slices.SortStableFunc(c.units, func(a, b timed) int { return int(a.due - b.due) })
	first := c.units[0].due
	for i := range c.units {
		c.units[i].due -= first
	}
	return c, nil
}
