package gateway

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/hls"
	"github.com/regie-live/regie/gateway/stage"
	"github.com/regie-live/regie/gateway/whep"
	"github.com/regie-live/regie/transcode"
)

// outputs opens the ways out when a session goes on air.
type outputs struct {
	*wiring
	hls  *hls.Metrics
	disk *hls.Disk // nil when memory keeps the whole window
	whep *whep.Metrics
}

// openDisk takes what viewers can rewind to and memory does not keep.
func (o *outputs) openDisk() (err error) {
	c := o.config
	if c.HLS.Window <= hls.InMemory {
		return nil
	}
	o.disk, err = hls.OpenDisk(hls.DiskOptions{
		Dir: filepath.Join(c.Data.Dir, "rewind"), MaxBytes: int64(c.HLS.DiskMB) * 1_000_000,
		Logger: o.log, Metrics: o.hls,
	})
	if err != nil {
		return fmt.Errorf("hls.window is longer than %v: %w; make data.dir writable or shorten the window", hls.InMemory, err)
	}
	o.add("rewind", o.disk.Run, func() {})
	return nil
}

func (o *outputs) open(h *house, epoch time.Time, keyframe func()) (stage.Output, error) {
	c := o.config
	stream, err := hls.New(hls.Options{
		Rungs: rungsOf(c.Program), FPS: c.Program.FPS, AudioKbps: aacKbps,
		Part: c.HLS.Part, Segment: c.HLS.Segment, Window: c.HLS.Window,
		Disk: o.disk, Epoch: epoch, Session: h.session.ID, Logger: o.log, Metrics: o.hls,
	})
	if err != nil {
		return nil, err
	}
	b := &broadcast{hls: stream, epoch: epoch}
	if o.net != nil {
		b.whep = whep.NewFeed(whep.Options{
			Session: h.session.ID, Net: o.net, BasePath: "/live/" + string(h.session.ID) + "/",
			Rungs: rungsOf(c.Program), Epoch: epoch, RequestKeyframe: keyframe, Logger: o.log, Metrics: o.whep,
		})
	}
	if old := h.now.Swap(b); old != nil {
		old.hls.Close()
	}
	return b, nil
}

// rungsOf is what viewers can choose from, the program's own size first.
func rungsOf(p config.Program) []transcode.Rung {
	rungs := []transcode.Rung{{Width: p.Width, Height: p.Height, Kbps: p.Kbps}}
	for _, r := range p.Ladder {
		rungs = append(rungs, transcode.Rung(r))
	}
	return rungs
}

// renditionsOf names all that a player can show or play.
func renditionsOf(p config.Program) []string {
	names := []string{"audio"}
	for _, r := range rungsOf(p) {
		names = append(names, r.Name())
	}
	return names
}
