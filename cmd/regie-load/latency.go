package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// latency is how long frames were under way from Push to Output.
type latency struct{ median, p99 time.Duration }

// measureLatency sends a card whose pictures carry the time, notes when each was
// pushed and when each program frame came out, and reads from the frames which
// picture they show. The top rung's way is measured.
func measureLatency(ctx context.Context, job transcode.Program, length time.Duration) (latency, error) {
	var mu sync.Mutex
	var stream bytes.Buffer // the program, H.264 in Annex B form
	var out []time.Time     // when each of its frames came
	session, err := transcode.New(job, transcode.Options{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Events: transcode.Events{Output: func(p transcode.Packet) {
			if p.Track != transcode.Video || p.Rung != 0 {
				return
			}
			now := time.Now()
			mu.Lock()
			stream.Write(p.Data)
			out = append(out, now)
			mu.Unlock()
		}},
	})
	if err != nil {
		return latency{}, err
	}
	if err := session.SetSource(transcode.Source{ID: "card", Gain: 1}); err != nil {
		return latency{}, err
	}
	session.SetScene(transcode.Scene{Cells: []transcode.Cell{{Source: "card", Rect: transcode.Rect{W: program.Width, H: program.Height}}}})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 1)
	go func() { ran <- session.Run(ctx) }()
	pushed, err := pushCard(ctx, session, length)
	stop()
	<-ran
	if err != nil {
		return latency{}, err
	}
	mu.Lock()
	defer mu.Unlock()
	return compare(stream.Bytes(), out, pushed)
}

// pushCard plays a card in real time and notes when each picture was pushed, by
// the low 32 bits of the milliseconds that it shows.
func pushCard(ctx context.Context, session *transcode.Session, length time.Duration) (map[uint32]time.Time, error) {
	start := time.Now()
	card, err := testcard.Open(testcard.Options{
		Name: "card", Color: color.RGBA{0x2F, 0x6B, 0x66, 0xFF}, ToneHz: 330,
		W: program.Width, H: program.Height, FPS: program.FPS, Start: start,
	})
	if err != nil {
		return nil, err
	}
	defer card.Close()
	session.SetTracks("card", card.Tracks())
	pushed := map[uint32]time.Time{}
	for time.Since(start) < length && ctx.Err() == nil {
		au, due, err := card.Next()
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Until(start.Add(due)))
		if au.Kind == media.Video {
			pushed[uint32(start.Add(due).UnixMilli())] = time.Now()
		}
		session.Push(transcode.Input{Source: "card", AccessUnit: au})
	}
	return pushed, nil
}

// compare decodes the program with ffmpeg and looks at the clock in each frame.
func compare(stream []byte, out []time.Time, pushed map[uint32]time.Time) (latency, error) {
	const rows = 40 // the bar code is within them
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "h264", "-i", "pipe:0", "-vsync", "passthrough",
		"-vf", fmt.Sprintf("crop=%d:%d:0:0", program.Width, rows), "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1")
	cmd.Stdin = bytes.NewReader(stream)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return latency{}, err
	}
	if err := cmd.Start(); err != nil {
		return latency{}, fmt.Errorf("ffmpeg: %w", err)
	}
	defer func() { _ = cmd.Wait() }()
	var took []time.Duration
	shown := map[uint32]bool{}
	r := bufio.NewReaderSize(pipe, 1<<16)
	for frame := 0; frame < len(out); frame++ {
		luma := make([]byte, program.Width*rows)
		if _, err := io.ReadFull(r, luma); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return latency{}, err
		}
		ms, ok := testcard.ReadClock(&compose.Picture{W: program.Width, H: program.Height, Y: luma, YStride: program.Width})
		if at, known := pushed[ms]; ok && known && !shown[ms] {
			shown[ms] = true
			took = append(took, out[frame].Sub(at))
		}
	}
	_, _ = io.Copy(io.Discard, r)
	if len(took) < 100 {
		return latency{}, fmt.Errorf("the clock was read in %d frames only", len(took))
	}
	slices.Sort(took)
	return latency{median: took[len(took)/2], p99: took[len(took)*99/100]}, nil
}
