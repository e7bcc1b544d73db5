package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/transcode/fonts"
	"github.com/regie-live/regie/transcode/slate"
)

// checkPorts binds each port for a moment.
func checkPorts(cfg config.Config) []finding {
	var findings []finding
	for _, p := range []struct {
		subject string
		address config.Address
		udp     bool
	}{
		{"http", cfg.HTTP.Address, false},
		{"rtmp", cfg.RTMP.Address, false},
		{"rtmps", cfg.RTMPS.Address, false},
		{"rtsp", cfg.RTSP.Address, false},
		{"rtsps", cfg.RTSPS.Address, false},
		{"webrtc", cfg.WebRTC.Address, true},
		{"turn", cfg.TURN.Address, true},
		{"metrics", cfg.Metrics.Address, false},
	} {
		if !p.address.On() {
			findings = append(findings, finding{ok, p.subject, "off", ""})
			continue
		}
		findings = append(findings, checkPort(p.subject, string(p.address), "tcp"))
		if p.udp {
			findings = append(findings, checkPort(p.subject, string(p.address), "udp"))
		}
	}
	return findings
}

func checkPort(subject, address, network string) finding {
	err := bind(address, network)
	_, port, _ := net.SplitHostPort(address)
	where := address + "/" + network
	switch {
	case err == nil:
		return finding{ok, subject, where + " is free", ""}
	case errors.Is(err, syscall.EADDRINUSE):
		return finding{fail, subject, where + " is in use, by another program or by a Regie that runs already",
			fmt.Sprintf("ss -Hlnp --%s 'sport = :%s'", network, port)}
	case errors.Is(err, syscall.EACCES):
		return finding{fail, subject, where + " needs a privilege, because it is below 1024",
			`sudo setcap cap_net_bind_service=+ep "$(command -v regie)"`}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return finding{fail, subject, where + ": this machine does not have that address", "ip -brief address"}
	}
	return finding{fail, subject, err.Error(), "regie config show --origin"}
}

func bind(address, network string) error {
	if network == "udp" {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}

// Free space that the data folder should have: certificates and the database
// need little, recordings will need more.
const (
	leastFree = 100 << 20
	goodFree  = 1 << 30
)

// checkDataDir looks at the folder or, while it does not exist, at the one in
// which it will be made.
func checkDataDir(dir string) []finding {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return []finding{{fail, "data", err.Error(), "write an absolute path in data.dir"}}
	}
	at := abs
	info, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && at != "/" {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	if err != nil {
		return []finding{{fail, "data", err.Error(), "ls -ld " + at}}
	}
	if !info.IsDir() {
		return []finding{{fail, "data", at + " is not a folder", "write another folder in data.dir"}}
	}
	if err := tryWrite(at); err != nil {
		return []finding{{fail, "data", at + " cannot be written: " + err.Error(), fmt.Sprintf("sudo install -d -o %d %s", os.Getuid(), abs)}}
	}
	says := abs + " can be written"
	if at != abs {
		says = abs + " can be made"
	}
	return []finding{{ok, "data", says, ""}, checkSpace(at)}
}

// tryWrite makes a file for a moment: permissions alone do not know of read-only
// mounts and of root's powers.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".regie-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func checkSpace(dir string) finding {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return finding{warn, "data", "free space is not known: " + err.Error(), "df -h " + dir}
	}
	free := s.Bavail * uint64(s.Bsize)
	says := fmt.Sprintf("%.1f GB free", float64(free)/1e9)
	switch {
	case free < leastFree:
		return finding{fail, "data", says, "df -h " + dir}
	case free < goodFree:
		return finding{warn, "data", says, "df -h " + dir}
	}
	return finding{ok, "data", says, ""}
}

func checkCertificate(t config.TLS) finding {
	if t.Cert == "" {
		return finding{ok, "tls", "self-signed for RTMPS and RTSPS (OBS refuses it); HTTP is plain, so browsers give the camera on localhost only", ""}
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return finding{fail, "tls", err.Error(), "openssl x509 -noout -subject -in " + t.Cert}
	}
	left := time.Until(pair.Leaf.NotAfter)
	says := fmt.Sprintf("valid until %s, for %v", pair.Leaf.NotAfter.Format(time.DateOnly), pair.Leaf.DNSNames)
	switch {
	case left < 0:
		return finding{fail, "tls", "expired: " + says, "certbot renew"}
	case left < 14*24*time.Hour:
		return finding{warn, "tls", says, "certbot renew"}
	}
	return finding{ok, "tls", says, ""}
}

// goodSpeed leaves room for decoding four participants beside the encoder.
const goodSpeed = 2.5

// checkEncoder lets a worker process encode for a moment, where a codec that
// crashes ends that process only.
func checkEncoder(p config.Program) finding {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "worker", "--probe",
		fmt.Sprintf("--width=%d", p.Width), fmt.Sprintf("--height=%d", p.Height), fmt.Sprintf("--fps=%d", p.FPS), fmt.Sprintf("--kbps=%d", p.Kbps))
	cmd.Args[0] = "regie" // what a process list shows
	var said, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &complaint
	err := cmd.Run()
	var speed float64
	if err == nil {
		_, err = fmt.Sscan(said.String(), &speed)
	}
	return judgeEncoder(p, speed, err, complaint.String())
}

func judgeEncoder(p config.Program, speed float64, err error, complaint string) finding {
	program := fmt.Sprintf("%d×%d at %d frames a second", p.Width, p.Height, p.FPS)
	switch {
	case err != nil:
		return finding{fail, "encoder", fmt.Sprintf("cannot encode %s: %v %s", program, err, strings.TrimSpace(complaint)),
			"sudo apt-get install libavcodec59 libavutil57 libswscale6 libswresample4"}
	case speed < goodSpeed:
		return finding{warn, "encoder", fmt.Sprintf("one core encodes %s at %.1f × real time, and %.1f are needed to mix four participants as well", program, speed, goodSpeed),
			"regie serve --set program.width=854 --set program.height=480"}
	}
	return finding{ok, "encoder", fmt.Sprintf("one core encodes %s at %.1f × real time", program, speed), ""}
}

// checkFonts writes names in the scripts of most people, as the picture would.
func checkFonts(found []fonts.File) finding {
	var list []slate.Font
	for _, f := range found {
		list = append(list, slate.Font(f))
	}
	var missing []string
	pen := slate.NewPen(list, func(script string) { missing = append(missing, script) })
	pen.Caption("李 や カ 한 م ש अ বা ੳ ક த త ಕ മ ක ก ລ က ខ ა Հ አ", 640, 360)
	if len(missing) > 0 {
		return finding{warn, "fonts", "names are left out of the picture if they are written in " + strings.Join(missing, ", "), "sudo apt-get install fonts-noto-core fonts-wqy-microhei"}
	}
	return finding{ok, "fonts", "names in every common script can be drawn into the picture", ""}
}

// goodFiles: a WHEP viewer needs none, an LL-HLS viewer one or two connections.
const goodFiles = 8192

// checkFiles asks for the hard limit: Go raises the soft one to it at start.
func checkFiles() finding {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return finding{warn, "files", err.Error(), "ulimit -Hn"}
	}
	says := fmt.Sprintf("%d open files allowed", r.Max)
	if r.Max < goodFiles {
		return finding{warn, "files", says + fmt.Sprintf(", fewer than %d hold back a large audience", goodFiles),
			"LimitNOFILE=65536 in regie.service, or: sudo prlimit --nofile=65536 --pid $$"}
	}
	return finding{ok, "files", says, ""}
}

// checkCores: mixing four 720p30 participants keeps about one core busy.
func checkCores(sessions int) finding {
	cores := runtime.GOMAXPROCS(0)
	says := fmt.Sprintf("%d cores", cores)
	if cores < 1+sessions {
		return finding{warn, "cores", fmt.Sprintf("%s for %d declared sessions: they will not all be live at once in full quality", says, sessions),
			"regie serve --set program.width=854 --set program.height=480"}
	}
	return finding{ok, "cores", says, ""}
}
