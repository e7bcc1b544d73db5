package whep

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
)

// viewersOf names the feed's address in the environment of the child that views.
const viewersOf = "REGIE_TEST_VIEWERS_OF"

// BenchmarkFanout is what a viewer costs: CPU time of this process alone, while
// viewers in another one receive 2.5 Mbit/s at 30 pictures a second with sound.
// They are stopped while it is measured, so that only sending is counted; the
// kernel bills loopback's receiving to us all the same.
func BenchmarkFanout(b *testing.B) {
	b.Run("100", func(b *testing.B) { benchFanout(b, 100, "") })
	b.Run("100 with data channels", func(b *testing.B) { benchFanout(b, 100, talkLabel) })
}

func benchFanout(b *testing.B, viewers int, channel string) {
	reg := prometheus.NewRegistry()
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0", Metrics: rtc.NewMetrics(reg)})
	if err != nil {
		b.Fatal(err)
	}
	feed := NewFeed(Options{Session: "studio", Net: n, BasePath: "/live/studio/"})
	server := httptest.NewServer(feed)
	defer func() {
		server.Close()
		feed.Close()
		_ = n.Close()
	}()
	before := heap()
	child := startViewers(b, server.URL+"/live/studio/whep", viewers, channel)
	defer child.end()
	each := float64(heap()-before) / float64(viewers)

	const seconds = 6
	var cpu, media time.Duration
	var packets float64
	for b.Loop() {
		play(feed, 1) // everybody has begun, or is here again
		child.signal(syscall.SIGSTOP)
		p0, c0 := sentPackets(b, reg), cpuTime()
		play(feed, seconds)
		packets += sentPackets(b, reg) - p0
		cpu += cpuTime() - c0
		media += seconds * time.Second
		child.signal(syscall.SIGCONT) // before they count as lost
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(cpu.Microseconds())/packets, "µs/packet")
	b.ReportMetric(cpu.Seconds()/media.Seconds()*100/float64(viewers)*100, "cpu%/100viewers")
	b.ReportMetric(each/1024, "KiB/viewer")
}

// play writes the program in real time.
func play(f *Feed, seconds int) {
	picture := make([]byte, 2_500_000/8/30)
	copy(picture, []byte{0, 0, 0, 1, 0x41})
	for i := range picture[5:] {
		picture[5+i] = byte(i) | 1
	}
	key := append([]byte{}, picture...)
	key[4] = 0x65
	sound := make([]byte, 240)
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for i := range int64(seconds * 30) {
		<-tick.C
		data := picture
		if i%60 == 0 {
			data = key
		}
		f.Write(transcode.Packet{Track: transcode.Video, PTS: i * 3000, Key: i%60 == 0, Data: data})
		for range 1 + i%3/2 {
			f.Write(transcode.Packet{Track: transcode.Opus, PTS: i * 1600, Key: true, Data: sound})
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is all the memory in use, stacks included.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func sentPackets(b *testing.B, reg *prometheus.Registry) (sum float64) {
	families, err := reg.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "regie_rtc_packets_total" {
			for _, m := range f.Metric {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// child is the process with the viewers.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startViewers(b *testing.B, url string, n int, channel string) *child {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), viewersOf+"="+url+"#"+strconv.Itoa(n)+"#"+channel)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		b.Fatalf("viewers: %q %v", line, err)
	}
	return &child{cmd, stdin}
}

func (c *child) signal(s os.Signal) { _ = c.cmd.Process.Signal(s) }

func (c *child) end() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// beViewers views until its standard input ends.
func beViewers(address string) {
	url, rest, _ := strings.Cut(address, "#")
	count, channel, _ := strings.Cut(rest, "#")
	n, _ := strconv.Atoi(count)
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithSettingEngine(s))
	for range n {
		if err := viewOnce(api, url, channel); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func viewOnce(api *webrtc.API, url, channel string) error {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return err
		}
	}
	connected := make(chan struct{})
	if channel != "" {
		if _, err := pc.CreateDataChannel(channel, nil); err != nil {
			return err
		}
	}
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	res, err := http.Post(url, "application/sdp", strings.NewReader(pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s %w", res.Status, answer, err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		return err
	}
	<-connected
	return nil
}
