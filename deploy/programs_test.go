package deploy_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is a running child process; what it says is kept.
type program struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	said bytes.Buffer // guarded by mu
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *program) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// launch starts a program that is asked to end, and then made to, with the test.
func launch(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	// A group of its own, so that nothing survives a test that goes wrong.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; deploy/setup.sh test installs what the tests need", err)
	}
	go func() { _ = cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		if t.Failed() {
			said := p.String()
			t.Logf("%s said:\n%s", cmd.Path, said[max(0, len(said)-4000):])
		}
	})
	return p
}

// await polls until ok says so, and fails the test when the program has ended or
// after half a minute.
func (p *program) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-p.done:
			t.Fatalf("%s ended; wanted: %s\n%s", p.cmd.Path, what, p)
		case <-deadline:
			t.Fatalf("%s: %s: not within half a minute\n%s", p.cmd.Path, what, p)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func listens(address string) func() bool {
	return func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
}

// edit replaces what a shipped file says by what a test needs; what is not there
// fails the test.
func edit(t *testing.T, text string, oldNew ...string) string {
	t.Helper()
	for i := 0; i+1 < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("the shipped file lacks %q", oldNew[i])
		}
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	return text
}

func save(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// varnishArgs are the parameters of the shipped unit, -p and its value by turns.
func varnishArgs(t *testing.T) (args []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`-p ([a-z_]+=\S+)`).FindAllStringSubmatch(read(t, "varnish/varnish.service.d/regie.conf"), -1) {
		args = append(args, "-p", m[1])
	}
	if len(args) < 10 {
		t.Fatalf("only %q found in the unit", args)
	}
	return args
}

// writeVCL puts the shipped VCL for an origin into dir. With a secret, only signed
// links are let in.
func writeVCL(t *testing.T, dir, origin, secret string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(origin)
	if err != nil {
		t.Fatal(err)
	}
	vcl := edit(t, read(t, "varnish/regie.vcl"), `.host = "127.0.0.1"`, `.host = "`+host+`"`, `.port = "8080"`, `.port = "`+port+`"`)
	if secret != "" {
		save(t, filepath.Join(dir, "secret"), secret)
		vcl = edit(t, vcl, "./authorise.vcl", "./authorise-signed.vcl")
	}
	save(t, filepath.Join(dir, "authorise.vcl"), read(t, "varnish/authorise.vcl"))
	save(t, filepath.Join(dir, "authorise-signed.vcl"), edit(t, read(t, "varnish/authorise-signed.vcl"), "/etc/varnish/regie.secret", filepath.Join(dir, "secret")))
	file := filepath.Join(dir, "regie.vcl")
	save(t, file, vcl)
	return file
}

// proxied is where a Varnish listens for a TLS terminator: another port cannot be
// free for sure, so it is the same on another address of the loopback.
func proxied(address string) string {
	return strings.Replace(address, "127.0.0.1", "127.0.0.2", 1) + ",PROXY"
}

// startVarnish runs Debian's Varnish with the shipped VCL and parameters, and
// returns its address.
func startVarnish(t *testing.T, origin, secret string) (address string, p *program) {
	t.Helper()
	dir := t.TempDir()
	address = freePort(t)
	args := append([]string{
		"-F", "-j", "none", "-n", filepath.Join(dir, "work"), "-a", address, "-a", proxied(address), "-T", "none",
		"-f", writeVCL(t, dir, origin, secret), "-s", "malloc,128m", "-l", "8m",
	}, varnishArgs(t)...)
	p = launch(t, exec.Command("varnishd", args...))
	p.await(t, "listen", listens(address))
	return address, p
}

// writeNginx puts the shipped configuration for an origin into dir, and one that
// includes it.
func writeNginx(t *testing.T, dir, origin, address string, edits ...string) string {
	t.Helper()
	conf := edit(t, read(t, "nginx/regie.conf"),
		"/var/cache/nginx/regie", filepath.Join(dir, "cache"), "listen 80;", "listen "+address+";",
		"127.0.0.1:8080", origin, "/etc/nginx/regie-signed.inc", filepath.Join(dir, "regie-signed.inc"))
	save(t, filepath.Join(dir, "regie.conf"), edit(t, conf, edits...))
	save(t, filepath.Join(dir, "regie-signed.inc"), read(t, "nginx/regie-signed.inc"))
	file := filepath.Join(dir, "nginx.conf")
	save(t, file, edit(t, `
daemon off;
master_process off; # or its workers would outlive a test that crashes
error_log stderr;
pid DIR/pid;
events { worker_connections 2048; }
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	include DIR/regie.conf;
}
`, "DIR", dir))
	return file
}

func startNginx(t *testing.T, origin string, edits ...string) (address string, pid int) {
	t.Helper()
	dir := t.TempDir()
	address = freePort(t)
	p := launch(t, exec.Command("nginx", "-p", dir, "-c", writeNginx(t, dir, origin, address, edits...)))
	p.await(t, "listen", listens(address))
	return address, p.cmd.Process.Pid
}

// appliance is a running regie with one session, studio, whose host sends.
type appliance struct {
	*program
	HTTP, RTMP, Metrics string
}

// startRegie puts a session on air; more is more of its configuration.
func startRegie(t *testing.T, more string) *appliance {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "regie")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/regie").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	const key = "key-of-studio-host-5f3c9a"
	config := filepath.Join(dir, "regie.yml")
	save(t, config, `
http: {address: "127.0.0.1:0"}
rtmp: {address: "127.0.0.1:0"}
rtmps: {address: off}
rtsp: {address: off}
rtsps: {address: off}
webrtc: {address: "127.0.0.1:0"}
metrics: {address: "127.0.0.1:0"}
data: {dir: `+dir+`/data}
program: {width: 320, height: 180, fps: 30, kbps: 800}
sessions: [{id: studio, title: Studio, host: {name: Ana, key: `+key+`}}]
`+more)
	a := &appliance{program: launch(t, exec.Command(binary, "serve", "-c", config))}
	a.await(t, "ports.json", func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "data", "ports.json"))
		return err == nil && json.Unmarshal(b, a) == nil
	})
	launch(t, exec.Command("ffmpeg", "-nostdin", "-v", "error",
		"-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "60", "-b:v", "600k",
		"-c:a", "aac", "-b:a", "96k", "-f", "flv", "rtmp://"+a.RTMP+"/live/"+key))
	return a
}

// onAir waits for the first segment.
func (a *appliance) onAir(t *testing.T, client *http.Client, base string) {
	t.Helper()
	a.await(t, "a playlist", func() bool {
		answer, err := client.Get(base + "/live/studio/index.m3u8")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	})
}
