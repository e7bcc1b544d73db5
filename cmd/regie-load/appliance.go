package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/demo"
)

// server is one that is measured, with somebody on air.
type server struct {
	process
	name      string
	hls, whep string
	sending   atomic.Int64 // publishers
	stop      func()
}

// stage says how an appliance is set up.
type stage struct {
	part  time.Duration
	seats int // who is on air, each over another protocol; 1 to 4
	tls   bool
}

var seats = []string{"host", "guest1", "guest2", "guest3"}

func seatKey(seat string) string { return "key-of-the-benchmark-" + seat }

// startRegie runs the binary that stands beside this one, and puts clips on air.
func startRegie(ctx context.Context, dir string, clips map[bool]clip, s stage) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(filepath.Dir(self), "regie")
	if given := os.Getenv("REGIE_BINARY"); given != "" {
		binary = given
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w; run `make build` first", err)
	}
	if dir, err = os.MkdirTemp(dir, "regie-"); err != nil {
		return nil, err
	}
	conf, err := writeConfig(dir, s)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p, err := startProcess(ctx, binary, "serve", "-c", conf)
	if err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	a := &server{process: p, name: "Regie", stop: func() { cancel(); _ = p.cmd.Wait(); running.Wait() }}
	var ports struct{ HTTP, RTMP, RTSP string }
	if err := poll(ctx, 10*time.Second, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "data", "ports.json"))
		return err == nil && json.Unmarshal(b, &ports) == nil && ports.HTTP != ""
	}); err != nil {
		a.stop()
		return nil, fmt.Errorf("the appliance did not start: %w", err)
	}
	base := "http://" + ports.HTTP
	if s.tls {
		base = "https://" + ports.HTTP
	}
	a.hls, a.whep = base+"/live/studio/index.m3u8", base+"/live/studio/whep?rendition=720p"
	var targets []target
	for i, seat := range seats[:s.seats] {
		to := []target{
			{Target: demo.Target{URL: "rtmp://" + ports.RTMP + "/live"}},
			{Target: demo.Target{URL: "rtsp://" + ports.RTSP + "/live"}},
			{Target: demo.Target{URL: base + "/whip"}, opus: true},
			{Target: demo.Target{URL: "rtmp://" + ports.RTMP + "/live"}},
		}[i]
		to.Key = seatKey(seat)
		targets = append(targets, to)
	}
	return a, a.onAir(ctx, &running, targets, clips)
}

// onAir publishes and waits until there is something to watch.
func (a *server) onAir(ctx context.Context, running *sync.WaitGroup, targets []target, clips map[bool]clip) error {
	failed := make(chan error, 1)
	running.Go(func() {
		if err := publishAll(ctx, targets, clips, &a.sending); err != nil {
			failed <- err
		}
	})
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	err := poll(ctx, 20*time.Second, func() bool {
		res, err := client.Get(a.hls)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if err == nil {
		// The first segment has to be whole for players of every kind.
		if err = sleep(ctx, 3*time.Second); err == nil {
			return nil
		}
	}
	a.stop()
	select {
	case err = <-failed:
	default:
	}
	return fmt.Errorf("%s did not go on air: %w", a.name, err)
}

func writeConfig(dir string, s stage) (string, error) {
	var b strings.Builder
	for _, port := range []string{"http", "rtmp", "rtsp", "webrtc"} {
		fmt.Fprintf(&b, "%s: {address: \"127.0.0.1:0\"}\n", port)
	}
	for _, port := range []string{"rtmps", "rtsps", "metrics"} {
		fmt.Fprintf(&b, "%s: {address: off}\n", port)
	}
	fmt.Fprintf(&b, "log: {level: error}\ndata: {dir: %q}\nhls: {part: %s}\n", filepath.Join(dir, "data"), s.part)
	if s.tls {
		cert, key, err := writeCertificate(dir)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "tls: {cert: %q, key: %q}\n", cert, key)
	}
	fmt.Fprintf(&b, "sessions:\n  - id: studio\n    title: Benchmark\n    host: {name: Ana, key: %s}\n    guests:\n", seatKey(seats[0]))
	for _, seat := range seats[1:] {
		fmt.Fprintf(&b, "      - {name: %s, key: %s}\n", seat, seatKey(seat))
	}
	conf := filepath.Join(dir, "regie.yml")
	return conf, os.WriteFile(conf, []byte(b.String()), 0o600)
}

// writeCertificate makes a self-signed one for this machine.
func writeCertificate(dir string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600); err != nil {
		return "", "", err
	}
	return certFile, keyFile, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
