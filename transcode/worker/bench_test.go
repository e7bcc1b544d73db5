package worker

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/mix"
	"github.com/regie-live/regie/transcode/testcard"
	"github.com/regie-live/regie/transcode/wire"
)

// Both benchmarks mix the same four cards of benchSeconds and report the CPU time
// for one second of program, all threads, system and user.
const benchSeconds = 10

var benchProgram = transcode.Program{
	Width: 1280, Height: 720, FPS: 30, Kbps: 2500, GOP: 60, Part: 10, AACKbps: 128, OpusKbps: 96, MaxPixels: 2560 * 1440,
}

// Clip is a card of benchSeconds, coded beforehand so that coding it is not
// measured.
type Clip struct {
	Tracks []media.Track
	Units  []media.AccessUnit
	Due    []time.Duration
}

// Clips makes four cards of 720p30 whose clocks begin at start.
func Clips(b *testing.B, start time.Time) []Clip {
	b.Helper()
	colors := []color.RGBA{{200, 30, 30, 255}, {30, 160, 40, 255}, {30, 60, 200, 255}, {210, 180, 40, 255}}
	var out []Clip
	for i, c := range colors {
		card, err := testcard.Open(testcard.Options{Name: fmt.Sprint("card ", i), Color: c, ToneHz: float64(300 + 100*i), Start: start})
		if err != nil {
			b.Fatal(err)
		}
		one := Clip{Tracks: card.Tracks()}
		for {
			au, due, err := card.Next()
			if err != nil {
				b.Fatal(err)
			}
			if due >= benchSeconds*time.Second {
				break
			}
			one.Units, one.Due = append(one.Units, au), append(one.Due, due)
		}
		card.Close()
		out = append(out, one)
	}
	return out
}

func cpu(who int) time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(who, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// offline is an engine whose time is stepped instead of waited for.
type offline struct {
	e     *engine
	now   time.Duration
	video *video
	audio *audio
	feeds []*videoFeed
	adecs []*libav.AudioDecoder
	bytes int
}

func newOffline(b *testing.B, p transcode.Program, cs []Clip) *offline {
	o := &offline{e: &engine{program: p, log: slog.New(slog.DiscardHandler), out: &output{w: wire.NewWriter(io.Discard)}, ctx: b.Context()}}
	o.e.clock = func() time.Duration { return o.now }
	o.e.stage.init()
	o.e.scenes = newScenes(o.e)
	var sc transcode.Scene
	for i, c := range cs {
		id := transcode.SourceID(fmt.Sprint("s", i))
		s := newSource(o.e, uint16(i+1), transcode.Source{ID: id, Name: "Participant", Gain: 1})
		o.e.stage.add(s)
		sc.Cells = append(sc.Cells, transcode.Cell{Source: id, Fit: transcode.Contain, Caption: "Participant", Rect: transcode.Rect{X: i % 2 * 640, Y: i / 2 * 360, W: 640, H: 360}})
		dec, err := libav.OpenVideoDecoder(c.Tracks[0], benchProgram.MaxPixels)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(dec.Close)
		o.feeds = append(o.feeds, &videoFeed{feed: &feed{s: s, ctx: b.Context()}, track: c.Tracks[0], dec: dec, waiting: true})
		adec, err := libav.OpenAudioDecoder(c.Tracks[1])
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(adec.Close)
		o.adecs = append(o.adecs, adec)
	}
	o.e.scenes.place(sc)
	o.e.scenes.ready.Store(o.e.scenes.draw(sc))
	rungs, err := openLadder(p, o.e.now)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(rungs.close)
	o.video = &video{e: o.e, program: p, ladder: rungs, paint: painter{e: o.e}, phase: phaser{period: time.Second / 30}, extra: never, beat: never}
	o.audio = &audio{e: o.e, limiter: mix.NewLimiter()}
	for track, codec := range map[transcode.Track]media.Codec{transcode.AAC: media.AAC, transcode.Opus: media.Opus} {
		if err := o.audio.open(track, codec, 128, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(o.audio.close)
	return o
}

// until hands over what is due and makes the program up to time t.
func (o *offline) until(b *testing.B, cs []Clip, next []int, n int64) {
	o.now = benchProgram.FrameTime(n)
	for i, c := range cs {
		for ; next[i] < len(c.Units) && c.Due[next[i]] <= o.now; next[i]++ {
			au := c.Units[next[i]]
			if au.Kind == media.Video {
				o.feeds[i].decode(unit{data: au.Data, at: c.Due[next[i]], key: au.Key})
				continue
			}
			samples, err := o.adecs[i].Decode(au.Data)
			if err != nil {
				b.Fatal(err)
			}
			o.feeds[i].s.input.Write(samples, au.PTS-time.Second, o.now)
		}
	}
	for mix.Duration(float64(o.audio.pos+mix.Block)) <= o.now {
		if err := o.audio.tick(); err != nil {
			b.Fatal(err)
		}
	}
	if err := o.video.tick(n, false); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMix4x720p is the worker's work without its waiting: decode, scale,
// caption, compose, encode; decode, mix, encode twice.
func BenchmarkMix4x720p(b *testing.B) {
	cs := Clips(b, time.Time{})
	for name, ladder := range map[string][]transcode.Rung{"alone": nil, "ladder": {{Width: 640, Height: 360, Kbps: 700}}} {
		b.Run(name, func(b *testing.B) {
			p := benchProgram
			p.Ladder = ladder
			var used time.Duration
			for b.Loop() {
				o := newOffline(b, p, cs)
				next := make([]int, len(cs))
				began := cpu(syscall.RUSAGE_SELF)
				for n := range int64(benchSeconds * 30) {
					o.until(b, cs, next, n)
				}
				used += cpu(syscall.RUSAGE_SELF) - began
				if got := o.video.stats.Frames; got != benchSeconds*30 {
					b.Fatalf("%d frames", got)
				}
			}
			b.ReportMetric(used.Seconds()/float64(b.N)/benchSeconds, "cpu-s/s")
		})
	}
}

// BenchmarkFFmpeg4x720p is the ffmpeg program doing the same job on the same clips:
// what the mixer's cost is held against.
func BenchmarkFFmpeg4x720p(b *testing.B) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		b.Skip("no ffmpeg program to compare with: apt-get install ffmpeg")
	}
	args := []string{"-loglevel", "error", "-nostdin", "-y"}
	dir := b.TempDir()
	for i, c := range Clips(b, time.Time{}) {
		v, a := filepath.Join(dir, fmt.Sprint(i, ".h264")), filepath.Join(dir, fmt.Sprint(i, ".aac"))
		write(b, v, c, media.Video)
		write(b, a, c, media.Audio)
		args = append(args, "-threads", "1", "-framerate", "30", "-i", v, "-i", a)
	}
	args = append(args, "-filter_complex",
		"[0:v]scale=640:360:flags=area[a];[2:v]scale=640:360:flags=area[b];[4:v]scale=640:360:flags=area[c];[6:v]scale=640:360:flags=area[d];"+
			"[a][b][c][d]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v];[1:a][3:a][5:a][7:a]amix=inputs=4:normalize=0,alimiter[m];[m]asplit[m1][m2]",
		"-map", "[v]", "-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-profile:v", "baseline", "-threads", "1", "-bf", "0",
		"-g", "60", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k",
		"-map", "[m1]", "-c:a:0", "aac", "-b:a:0", "128k", "-map", "[m2]", "-c:a:1", "libopus", "-b:a:1", "96k", "-f", "matroska", filepath.Join(dir, "out.mkv"))
	var used time.Duration
	for b.Loop() {
		cmd := exec.Command(ffmpeg, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(used.Seconds()/float64(b.N)/benchSeconds, "cpu-s/s")
}

// write stores one track: Annex B, or AAC with ADTS headers (ISO 14496-3, 1.A.3.2).
func write(b *testing.B, name string, c Clip, kind media.Kind) {
	b.Helper()
	var out bytes.Buffer
	for _, au := range c.Units {
		if au.Kind != kind {
			continue
		}
		if kind == media.Audio {
			n := len(au.Data) + 7
			out.Write([]byte{0xff, 0xf1, 1<<6 | 3<<2, 2<<6 | byte(n>>11), byte(n >> 3), byte(n<<5) | 0x1f, 0xfc})
		}
		out.Write(au.Data)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
}
