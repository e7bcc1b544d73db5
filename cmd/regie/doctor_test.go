package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/transcode/fonts"
)

func TestCheckPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	takenUDP, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer takenUDP.Close()
	for name, test := range map[string]struct {
		address, network string
		want             grade
		says             string
	}{
		"free tcp":       {"127.0.0.1:0", "tcp", ok, "is free"},
		"free udp":       {"127.0.0.1:0", "udp", ok, "is free"},
		"taken tcp":      {taken.Addr().String(), "tcp", fail, "is in use"},
		"taken udp":      {takenUDP.LocalAddr().String(), "udp", fail, "is in use"},
		"not our adress": {"192.0.2.1:8080", "tcp", fail, "does not have that address"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, checkPort("x", test.address, test.network), test.want, test.says) })
	}
}

func expect(t *testing.T, got finding, want grade, says string) {
	t.Helper()
	if got.grade != want || !strings.Contains(got.says, says) {
		t.Errorf("got %s %q, want %s %q", got.grade, got.says, want, says)
	}
	if (got.grade == ok) != (got.fix == "") {
		t.Errorf("%s with the fix %q", got.grade, got.fix)
	}
}

func TestCheckPorts(t *testing.T) {
	cfg := config.Default()
	cfg.HTTP.Address, cfg.RTMP.Address, cfg.RTSP.Address, cfg.WebRTC.Address, cfg.Metrics.Address = "127.0.0.1:0", "off", "", "127.0.0.1:0", "off"
	cfg.RTMPS.Address, cfg.RTSPS.Address = "off", "off"
	findings := checkPorts(cfg)
	if len(findings) != 9 { // eight ports, one of them twice
		t.Errorf("%d findings: %v", len(findings), findings)
	}
	for _, f := range findings {
		if f.grade != ok {
			t.Errorf("%+v", f)
		}
	}
}

func TestCheckDataDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, checkDataDir(dir)[0], ok, "can be written")
	expect(t, checkDataDir(filepath.Join(dir, "a", "b"))[0], ok, "can be made")
	expect(t, checkDataDir(file)[0], fail, "is not a folder")
	expect(t, checkDataDir("/proc/regie")[0], fail, "/proc cannot be written")
	if _, err := os.Stat(filepath.Join(dir, "a")); err == nil {
		t.Error("the doctor made a folder")
	}
}

func TestCheckFonts(t *testing.T) {
	expect(t, checkFonts(fonts.Find(fonts.Folders(), time.Minute)), ok, "every common script")
	expect(t, checkFonts(nil), warn, "written in Han, Hiragana, Katakana, Hangul, Arabic")
}

func TestCheckFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "regie.yml")
	expect(t, checkFile(file), fail, "no such file")
	expect(t, checkFile(""), warn, "no file")
	for mode, want := range map[os.FileMode]grade{0o600: ok, 0o640: ok, 0o644: warn} {
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		expect(t, checkFile(file), want, file)
	}
}

func TestCheckCores(t *testing.T) {
	expect(t, checkCores(0), ok, "cores")
	expect(t, checkCores(1000), warn, "not all be live")
}

func TestCheckCertificate(t *testing.T) {
	expect(t, checkCertificate(config.TLS{}), ok, "self-signed")
	expect(t, checkCertificate(config.TLS{Cert: "none.pem", Key: "none.pem"}), fail, "no such file")
}

func TestJudgeEncoder(t *testing.T) {
	p := config.Default().Program
	expect(t, judgeEncoder(p, 8, nil, ""), ok, "1280×720 at 30 frames a second at 8.0 × real time")
	expect(t, judgeEncoder(p, 1.2, nil, ""), warn, "1.2 × real time")
	expect(t, judgeEncoder(p, 0, errors.New("exit status 1"), "no libx264\n"), fail, "exit status 1 no libx264")
}

func TestReport(t *testing.T) {
	var out strings.Builder
	err := report(&out, []finding{
		{ok, "http", "is free", ""},
		{warn, "files", "few", "ulimit -n"},
	})
	const want = "ok    http   is free\nwarn  files  few\n             → ulimit -n\n"
	if err != nil || out.String() != want {
		t.Errorf("got %v and\n%s\nwant\n%s", err, &out, want)
	}
	if err := report(&out, []finding{{fail, "http", "is in use", "ss"}}); err != errNotReady {
		t.Errorf("got %v", err)
	}
}
