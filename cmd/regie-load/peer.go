package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/demo"
)

// startMediaMTX runs a MediaMTX that somebody else has built, with the same clip
// and the same parts as Regie. Its LL-HLS stream carries AAC, its WebRTC stream
// Opus, for it converts neither.
func startMediaMTX(ctx context.Context, binary, dir string, clips map[bool]clip, part time.Duration) (*server, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, err
	}
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp(dir, "mediamtx-"); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "mediamtx.yml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `
logLevel: error
rtsp: yes
rtspTransports: [tcp]
rtspAddress: %[1]s
rtmp: yes
rtmpAddress: %[2]s
hls: yes
hlsAddress: %[3]s
hlsAlwaysRemux: yes
hlsVariant: lowLatency
hlsSegmentCount: 15
hlsSegmentDuration: 2s
hlsPartDuration: %[6]s
webrtc: yes
webrtcAddress: %[4]s
webrtcLocalUDPAddress: %[5]s
webrtcIPsFromInterfaces: no
webrtcAdditionalHosts: [127.0.0.1]
srt: no
moq: no
paths:
  all_others:
`, ports[0], ports[1], ports[2], ports[3], ports[4], part), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p, err := startProcess(ctx, binary, conf)
	if err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	s := &server{
		process: p, name: "MediaMTX",
		hls: "http://" + ports[2] + "/live/aac/index.m3u8", whep: "http://" + ports[3] + "/live/opus/whep",
		stop: func() { cancel(); _ = p.cmd.Wait(); running.Wait() },
	}
	if err := poll(ctx, 10*time.Second, func() bool {
		c, err := net.Dial("tcp", ports[1])
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}); err != nil {
		s.stop()
		return nil, fmt.Errorf("MediaMTX did not start: %w", err)
	}
	return s, s.onAir(ctx, &running, []target{
		{Target: demo.Target{URL: "rtmp://" + ports[1] + "/live", Key: "aac"}},
		{Target: demo.Target{URL: "rtsp://" + ports[0] + "/live", Key: "opus"}, opus: true},
	}, clips)
}

// freePorts are loopback addresses that were free a moment ago, for TCP and UDP.
func freePorts(n int) (addresses []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
