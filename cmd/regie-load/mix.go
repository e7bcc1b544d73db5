package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// program is the job that is measured: 720p30 at 2.5 Mbit/s, AAC and Opus.
var program = transcode.Program{
	Width: 1280, Height: 720, FPS: 30, Kbps: 2500, GOP: 60, Part: 10,
	AACKbps: 128, OpusKbps: 96, MaxPixels: 2560 * 1440,
}

// ladder is the job of an appliance as it comes: 360p beside it.
var ladder = func() transcode.Program {
	p := program
	p.Ladder = []transcode.Rung{{Width: 640, Height: 360, Kbps: 700}}
	return p
}()

// cost is CPU time per second of program.
type cost struct {
	cpu    float64
	frames int
}

// mixFFmpeg has the ffmpeg program do the job with the settings that cost it
// least, one thread each: live at the pace of the clips, as an appliance must, or
// as fast as it can.
func mixFFmpeg(ctx context.Context, clips []clip, job transcode.Program, live bool) (cost, error) {
	args := []string{"-v", "error", "-y", "-nostdin", "-filter_complex_threads", "1"}
	for _, c := range clips {
		if live {
			args = append(args, "-re")
		}
		args = append(args, "-threads", "1", "-i", c.file)
	}
	graph := ""
	for i := range clips {
		graph += fmt.Sprintf("[%d:v]scale=640:360:flags=area[v%d];", i, i)
	}
	rungs := job.Rungs()
	graph += fmt.Sprintf("[v0][v1][v2][v3]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0,split=%d[r0]", len(rungs))
	below := ""
	for i, r := range rungs[1:] {
		graph += fmt.Sprintf("[s%d]", i+1)
		below += fmt.Sprintf("[s%[1]d]scale=%d:%d:flags=area[r%[1]d];", i+1, r.Width, r.Height)
	}
	graph += ";" + below + "[0:a][1:a][2:a][3:a]amix=inputs=4:normalize=0,alimiter,asplit[a][o]"
	args = append(args, "-filter_complex", graph)
	for i, r := range rungs {
		rate := fmt.Sprintf("%dk", r.Kbps)
		args = append(args, "-map", fmt.Sprintf("[r%d]", i))
		for _, o := range [][2]string{{"c", "libx264"}, {"preset", "superfast"}, {"tune", "zerolatency"}, {"profile", "baseline"}, {"threads", "1"},
			{"b", rate}, {"maxrate", rate}, {"bufsize", rate}, {"g", "60"}, {"sc_threshold", "0"}} {
			args = append(args, fmt.Sprintf("-%s:v:%d", o[0], i), o[1])
		}
	}
	args = append(args,
		"-map", "[a]", "-c:a:0", "aac", "-aac_coder:a:0", "fast", "-b:a:0", "128k", // the cheaper coder, as ours
		"-map", "[o]", "-c:a:1", "libopus", "-b:a:1", "96k",
		"-f", "matroska", os.DevNull)
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("ffmpeg could not mix: %w", err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{cpu: seconds(*usage) / clipSeconds, frames: clipSeconds * program.FPS}, nil
}

// mixRegie has a worker do the job in real time, as it does on air. The cost is
// that of the worker and of this process, which stands for the gateway.
func mixRegie(ctx context.Context, clips []clip, job transcode.Program) (cost, error) {
	var mu sync.Mutex
	frames := 0
	before := seconds(usage(syscall.RUSAGE_SELF)) + seconds(usage(syscall.RUSAGE_CHILDREN))
	began := time.Now()
	err := onAir(ctx, clips, job, func(p transcode.Packet) {
		if p.Track == transcode.Video && p.Rung == 0 {
			mu.Lock()
			frames++
			mu.Unlock()
		}
	})
	took := time.Since(began).Seconds()
	after := seconds(usage(syscall.RUSAGE_SELF)) + seconds(usage(syscall.RUSAGE_CHILDREN))
	mu.Lock()
	defer mu.Unlock()
	if err == nil && frames < int(took*0.9)*program.FPS {
		err = fmt.Errorf("only %d frames in %.1f s: this machine is too busy to measure", frames, took)
	}
	return cost{cpu: (after - before) / took, frames: frames}, err
}

// onAir plays the clips in real time into a session of their own.
func onAir(ctx context.Context, clips []clip, job transcode.Program, output func(transcode.Packet)) error {
	session, err := transcode.New(job, transcode.Options{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Events: transcode.Events{Output: output},
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	scene := transcode.Scene{}
	for i, cell := range show.Arrange(len(clips), program.Width, program.Height) {
		id := transcode.SourceID(fmt.Sprintf("clip%d", i))
		if err := session.SetSource(transcode.Source{ID: id, Name: string(id), Gain: 1}); err != nil {
			return err
		}
		session.SetTracks(id, clips[i].tracks)
		scene.Cells = append(scene.Cells, transcode.Cell{Source: id, Rect: transcode.Rect(cell), Caption: string(id)})
	}
	session.SetScene(scene)
	ran := make(chan error, 1)
	go func() { ran <- session.Run(ctx) }()
	var players sync.WaitGroup
	for i, c := range clips {
		players.Go(func() { playClip(ctx, session, transcode.SourceID(fmt.Sprintf("clip%d", i)), c) })
	}
	players.Wait()
	stop()
	<-ran
	return nil
}

func playClip(ctx context.Context, session *transcode.Session, id transcode.SourceID, c clip) {
	start := time.Now()
	for _, u := range c.units {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(start.Add(u.due))):
		}
		session.Push(transcode.Input{Source: id, AccessUnit: u.AccessUnit})
	}
}

func usage(who int) syscall.Rusage {
	var r syscall.Rusage
	_ = syscall.Getrusage(who, &r) // fails for a wrong who only
	return r
}

func seconds(r syscall.Rusage) float64 {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}
