package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/demo"
)

// way is a protocol by which a card gets in.
type way string

const (
	overRTMP    way = "rtmp"
	overRTMPS   way = "rtmps"
	overRTSP    way = "rtsp"
	overRTSPS   way = "rtsps"
	overRTSPUDP way = "rtsp+udp"
	overWHIP    way = "whip"
)

// target is where a key publishes to.
func (a *appliance) target(by way, key string) demo.Target {
	at := map[way]string{
		overRTMP:    "rtmp://" + a.ports.RTMP + "/live",
		overRTMPS:   "rtmps://" + a.ports.RTMPS + "/live",
		overRTSP:    "rtsp://" + a.ports.RTSP + "/live",
		overRTSPS:   "rtsps://" + a.ports.RTSPS + "/live",
		overRTSPUDP: "rtsp://" + a.ports.RTSP + "/live?udp",
		overWHIP:    a.url("/whip"),
	}
	return demo.Target{URL: at[by], Key: key}
}

// publisher is a connection that sends.
type publisher struct {
	stop func() // and wait
	done chan struct{}
	err  error // after done
}

// publish sends a card until it is stopped or the test ends. A test that does
// not expect err asks for it by going on.
func (a *appliance) publish(by way, session, seat string, l look) *publisher {
	a.t.Helper()
	return a.publishCard(by, key(session, seat), newCard(a.t, l))
}

func (a *appliance) publishCard(by way, key string, c *card) *publisher {
	ctx, cancel := context.WithCancel(context.Background())
	p := &publisher{done: make(chan struct{})}
	p.stop = sync.OnceFunc(func() { cancel(); <-p.done })
	go func() {
		defer close(p.done)
		p.err = demo.Publish(ctx, c, a.target(by, key))
	}()
	a.t.Cleanup(p.stop)
	return p
}

// refused waits for a publisher to fail, and returns what it was told.
func (p *publisher) refused(t testing.TB, within time.Duration) string {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.stop()
		t.Fatalf("the publisher was not refused within %v", within)
	}
	if p.err == nil {
		t.Fatal("the publisher ended without an error")
	}
	return p.err.Error()
}

// alive fails if the publisher has ended.
func (p *publisher) alive(t testing.TB, who string) {
	t.Helper()
	select {
	case <-p.done:
		t.Fatalf("%s ended: %v", who, p.err)
	default:
	}
}

// program is a running child process, such as ffmpeg.
type program struct {
	cmd    *exec.Cmd
	done   chan struct{}
	err    error // after done
	stderr *logbook
}

// launch starts a program that ends with the test.
func launch(t testing.TB, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, done: make(chan struct{}), stderr: &logbook{}}
	cmd.Stderr = p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.end()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, p.stderr.tail(25))
		}
	})
	return p
}

// end stops the program: first it is asked, then it is not.
func (p *program) end() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(3 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

// ffmpeg publishes with Debian's ffmpeg. Inputs and outputs are its arguments.
func ffmpeg(t testing.TB, args ...string) *program {
	t.Helper()
	return launch(t, exec.Command("ffmpeg", append([]string{"-hide_banner", "-nostdin", "-loglevel", "warning"}, args...)...))
}

// synthetic are ffmpeg's input arguments for a look: a picture and a tone in real
// time. Its sine has an amplitude of 1/8, and loses 3 dB on the way to stereo.
func synthetic(l look, size string) []string {
	args := []string{"-re", "-f", "lavfi", "-i", "color=c=" + l.color.rgb() + ":s=" + size + ":r=30"}
	if l.tone > 0 {
		args = append(args, "-re", "-f", "lavfi", "-i", "sine=frequency="+number(l.tone)+":sample_rate=48000,volume="+number(level*8*math.Sqrt2)+",aformat=channel_layouts=stereo")
	}
	return args
}

// tagged are arguments that say which matrix the colours follow.
var tagged = []string{"-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"}

// matrix makes ffmpeg compute the colours the way tagged says.
const matrix = "scale=out_color_matrix=bt709:out_range=tv"

func list(args ...[]string) (all []string) {
	for _, a := range args {
		all = append(all, a...)
	}
	return all
}

// output runs a program to its end and returns what it printed.
func output(t testing.TB, within time.Duration, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// rgb is the colour as ffmpeg's filters want it: ITU-R BT.709, limited range.
func (c yuv) rgb() string {
	y, u, v := 1.164384*(float64(c[0])-16), float64(c[1])-128, float64(c[2])-128
	clip := func(v float64) int { return int(math.Round(max(0, min(255, v)))) }
	return fmt.Sprintf("0x%02x%02x%02x", clip(y+1.792741*v), clip(y-0.213249*u-0.532909*v), clip(y+2.112402*u))
}
