package deploy_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// certificate is written to dir; the pool trusts it.
func certificate(t *testing.T, dir string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pemCert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	save(t, certFile, pemCert)
	save(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(pemCert))
	return certFile, keyFile, pool
}

// secureClient speaks HTTP/2, or what protocol says, and counts its connections.
func secureClient(pool *x509.CertPool, protocol string) (*http.Client, *atomic.Int64) {
	var conns atomic.Int64
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conns.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		Protocols: new(http.Protocols),
	}
	tr.Protocols.SetHTTP1(protocol == "HTTP/1.1")
	tr.Protocols.SetHTTP2(protocol == "HTTP/2.0")
	return &http.Client{Transport: tr}, &conns
}

// TestTLS: LL-HLS over HTTP/1.1 and HTTP/2, many streams on one connection, and
// viewers who leave while they wait.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t, t.TempDir())
	origin := startRegie(t, fmt.Sprintf("tls: {cert: %q, key: %q}\nhls: {segment: 4s}\n", cert, key))
	base := "https://" + origin.HTTP
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			client, conns := secureClient(pool, protocol)
			defer client.CloseIdleConnections()
			origin.onAir(t, client, base)
			v := &secureViewer{t: t, client: client, protocol: protocol}
			playlist := base + v.rendition(base)
			at := v.playlist(playlist).hint
			for range 3 { // as a player goes on
				at = v.streams(playlist, at)
			}
			if n := conns.Load(); protocol == "HTTP/2.0" && n != 1 {
				t.Errorf("%d connections", n)
			}
			v.leave(origin, playlist, at)
		})
	}
}

// TestHitch: TLS and HTTP/2 in front of Varnish, by the command that CDN.md tells.
func TestHitch(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	varnish, _ := startVarnish(t, o.address(), "")
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	save(t, filepath.Join(dir, "both.pem"), read(t, cert)+read(t, key))
	address := freePort(t)
	host, port, _ := net.SplitHostPort(address)
	var command string
	for line := range strings.Lines(read(t, "CDN.md")) {
		if strings.HasPrefix(line, "hitch ") {
			backend, backendPort, _ := net.SplitHostPort(strings.TrimSuffix(proxied(varnish), ",PROXY"))
			command = edit(t, line, "'[127.0.0.1]:8443'", "["+backend+"]:"+backendPort, "'[*]:443'", "["+host+"]:"+port,
				"'h2, http/1.1'", "h2,http/1.1", "cert-and-key.pem", filepath.Join(dir, "both.pem"))
		}
	}
	if os.Getuid() != 0 {
		command = edit(t, command, "--user=_hitch", "")
	}
	args := strings.Fields(command)
	if len(args) < 5 {
		t.Fatalf("CDN.md tells %q", command)
	}
	p := launch(t, exec.Command(args[0], args[1:]...))
	p.await(t, "listen", listens(address))
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		client, _ := secureClient(pool, protocol)
		v := &secureViewer{t: t, client: client, protocol: protocol}
		v.streams("https://"+address+stream, v.playlist("https://"+address+stream).last)
		client.CloseIdleConnections()
	}
	for _, r := range o.requests() {
		if r.Header.Get("X-Forwarded-For") != "127.0.0.1" {
			t.Errorf("the origin is told that the viewer is %q", r.Header.Get("X-Forwarded-For"))
		}
	}
}

type secureViewer struct {
	t        *testing.T
	client   *http.Client
	protocol string
}

// get may be called by many at once.
func (v *secureViewer) get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || answer.Proto != v.protocol) {
		err = fmt.Errorf("GET %s: %s %s %.200s", url, answer.Proto, answer.Status, body)
	}
	return body, err
}

func (v *secureViewer) must(url string) []byte {
	v.t.Helper()
	b, err := v.get(v.t.Context(), url)
	if err != nil {
		v.t.Fatal(err)
	}
	return b
}

func (v *secureViewer) rendition(base string) string {
	for line := range strings.Lines(string(v.must(base + "/live/studio/index.m3u8"))) {
		if line[0] != '#' && strings.TrimSpace(line) != "" {
			return "/live/studio/" + strings.TrimSpace(line)
		}
	}
	v.t.Fatal("no rendition")
	return ""
}

func (v *secureViewer) playlist(url string) listing {
	v.t.Helper()
	l, err := readListing(v.must(url))
	if err != nil {
		v.t.Fatal(err)
	}
	return l
}

// streams waits for a part with fifty requests at once, and loads the part with
// fifty; it returns what is next.
func (v *secureViewer) streams(playlist string, at place) place {
	v.t.Helper()
	reload := fmt.Sprintf("%s?_HLS_msn=%d&_HLS_part=%d", playlist, at.msn, at.part)
	v.together(reload)
	l := v.playlist(reload)
	if l.last.before(at) {
		v.t.Fatalf("asked for %v, the playlist ends at %v", at, l.last)
	}
	v.together(playlist[:strings.LastIndexByte(playlist, '/')+1] + l.parts[l.last])
	return l.hint
}

func (v *secureViewer) together(url string) {
	v.t.Helper()
	const many = 50
	sizes := make([]int, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			b, err := v.get(v.t.Context(), url)
			if err != nil {
				v.t.Error(err)
			}
			sizes[i] = len(b)
		})
	}
	all.Wait()
	for _, n := range sizes {
		if n == 0 {
			v.t.Fatalf("GET %s: empty", url)
		}
	}
}

// leave asks for a segment that is seconds away, and goes when all wait: nobody
// waits for them any longer.
func (v *secureViewer) leave(origin *appliance, playlist string, at place) {
	v.t.Helper()
	const many = 100
	before := origin.waiting(v.t)
	ctx, cancel := context.WithCancel(v.t.Context())
	defer cancel()
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if _, err := v.get(ctx, fmt.Sprintf("%s?_HLS_msn=%d", playlist, at.msn+1)); err == nil {
				v.t.Error("there was an answer before its time")
			}
		})
	}
	origin.await(v.t, "that all wait", func() bool { return origin.waiting(v.t) >= before+many })
	cancel()
	all.Wait()
	began := time.Now()
	origin.await(v.t, "that nobody waits", func() bool { return origin.waiting(v.t) <= before })
	if took := time.Since(began); took > time.Second {
		v.t.Errorf("it took %v to let them go", took)
	}
}

// waiting is how many goroutines of the appliance are busy with viewers of HLS.
func (a *appliance) waiting(t *testing.T) (n int) {
	t.Helper()
	answer, err := http.Get("http://" + a.Metrics + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	same := 0
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		line := lines.Text()
		if count, _, found := strings.Cut(line, " @ "); found {
			same = 0
			_, _ = fmt.Sscan(count, &same)
		} else if strings.Contains(line, path.Join("gateway", "hls.(*Stream).ServeHTTP")) {
			n += same
		}
	}
	return n
}
