package worker

import (
	"image/color"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// BenchmarkPaint is what drawing one frame of 720p costs, four moving cells of it
// alone and with what may lie over them.
func BenchmarkPaint(b *testing.B) {
	var cells []transcode.Cell
	for i := range 4 {
		cells = append(cells, transcode.Cell{Source: transcode.SourceID(rune('a' + i)), Caption: "Participant", Rect: transcode.Rect{X: i % 2 * 640, Y: i / 2 * 360, W: 640, H: 360}})
	}
	lower := &transcode.LowerThird{Title: "Dr Théo Martin", Line: "Astronomer, Observatoire de Lyon"}
	logo := &transcode.Logo{PNG: logoPNG(b, 256, 256, color.NRGBA{255, 200, 0, 200})}
	for _, c := range []struct {
		name string
		sc   transcode.Scene
		fade bool
	}{
		{"plain", transcode.Scene{Cells: cells}, false},
		{"lower third", transcode.Scene{Cells: cells, LowerThird: lower}, false},
		{"logo", transcode.Scene{Cells: cells, Logo: logo}, false},
		{"fade", transcode.Scene{Cells: cells}, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := &engine{program: benchProgram, log: slog.New(slog.DiscardHandler)}
			now := time.Minute
			e.clock = func() time.Duration { return now }
			e.stage.init()
			e.scenes = newScenes(e)
			for i, cell := range cells {
				e.stage.add(newSource(e, uint16(i+1), transcode.Source{ID: cell.Source, Gain: 1}))
			}
			e.scenes.setLogo(logo.PNG)
			e.scenes.ready.Store(e.scenes.draw(c.sc))
			p, canvas := painter{e: e}, compose.NewPicture(1280, 720)
			sources := e.stage.all(nil)
			for b.Loop() {
				now += time.Second / 30
				for _, s := range sources {
					s.tiles.put(s.tiles.blank(shape{640, 360, transcode.Contain}), now)
				}
				if c.fade && p.fade.length == 0 && p.scene != nil {
					p.fade.start(canvas, now, time.Hour)
				}
				p.paint(canvas, now, now, false)
			}
		})
	}
}

// BenchmarkReturn is what coding one source of 720p30 anew costs: the processor's
// time for a second of it, decoding not counted.
func BenchmarkReturn(b *testing.B) {
	cs := Clips(b, time.Time{})[:1]
	measure := func(on bool) time.Duration {
		o := newOffline(b, benchProgram, cs)
		s := o.feeds[0].s
		r := &returner{s: s, wake: make(chan struct{}, 1), sound: make(chan block, soundWait), last: never}
		r.picture.r = r
		defer r.picture.close()
		enc, err := libav.OpenAudioEncoder(media.Opus, returnOpusKbps)
		if err != nil {
			b.Fatal(err)
		}
		defer enc.Close()
		if on {
			s.returns.Store(r)
		}
		began := cpu(syscall.RUSAGE_SELF)
		for i, au := range cs[0].Units {
			o.now = cs[0].Due[i]
			if au.Kind == media.Video {
				o.feeds[0].decode(unit{data: au.Data, at: o.now, key: au.Key})
			} else if samples, err := o.adecs[0].Decode(au.Data); err != nil {
				b.Fatal(err)
			} else {
				s.returns.Load().hear(samples, au.PTS-time.Second)
			}
			if st := r.take(); st != nil {
				if err := r.picture.code(st); err != nil {
					b.Fatal(err)
				}
				r.done(st)
			}
			for len(r.sound) > 0 {
				if _, err := enc.Encode((<-r.sound).samples); err != nil {
					b.Fatal(err)
				}
			}
		}
		return cpu(syscall.RUSAGE_SELF) - began
	}
	var used time.Duration
	for b.Loop() {
		used += measure(true) - measure(false)
	}
	b.ReportMetric(used.Seconds()/float64(b.N)/benchSeconds, "cpu-s/s")
}
