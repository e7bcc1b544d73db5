package obs

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// read unpacks a profile as OBS finds it.
func read(t *testing.T, p Profile) (folder string, files map[string]string) {
	t.Helper()
	b, err := p.Zip()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		var name string
		folder, name, _ = strings.Cut(f.Name, "/")
		files[name] = string(text)
	}
	return folder, files
}

func TestProfile(t *testing.T) {
	for _, tt := range []struct {
		protocol Protocol
		server   string
		service  string
		profile  string
		audio    string
		applied  string // whether the service's settings are
	}{
		{RTMP, "rtmp://live.example.org/live", `{"type":"rtmp_custom","settings":{"server":"rtmp://live.example.org/live","key":"KEY-1","use_auth":false}}`, "high", "ffmpeg_aac", "false"},
		{WHIP, "https://live.example.org/whip", `{"type":"whip_custom","settings":{"server":"https://live.example.org/whip","bearer_token":"KEY-1"}}`, "baseline", "ffmpeg_opus", "true"},
	} {
		t.Run(string(tt.protocol), func(t *testing.T) {
			p := Profile{Name: "Regie: Glaze day / one", Protocol: tt.protocol, Server: tt.server, Key: "KEY-1", Width: 1280, Height: 720, FPS: 30, Kbps: 2500}
			folder, files := read(t, p)
			if folder != "Regie Glaze day one" || len(files) != 3 {
				t.Errorf("folder %q with %d files", folder, len(files))
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(files["service.json"])); err != nil || compact.String() != tt.service {
				t.Errorf("service.json is %s (%v), want %s", compact.String(), err, tt.service)
			}
			var e encoder
			if err := json.Unmarshal([]byte(files["streamEncoder.json"]), &e); err != nil {
				t.Fatal(err)
			}
			if e.Bitrate != 2500 || e.KeyintSec != 2 || e.BFrames != 0 || e.Profile != tt.profile || !strings.Contains(files["streamEncoder.json"], `"bf": 0`) {
				t.Errorf("streamEncoder.json is %s", files["streamEncoder.json"])
			}
			for _, line := range []string{"Name=Regie Glaze day one", "Mode=Advanced", "OutputCX=1280", "OutputCY=720", "FPSInt=30", "AudioEncoder=" + tt.audio, "ApplyServiceSettings=" + tt.applied, "SampleRate=48000"} {
				if !strings.Contains(files["basic.ini"], line+"\n") {
					t.Errorf("basic.ini lacks %s:\n%s", line, files["basic.ini"])
				}
			}
		})
	}
	if _, err := (Profile{Protocol: "rtsp"}).Zip(); err == nil {
		t.Error("a profile for RTSP was made")
	}
}

// A title cannot leave its folder nor write settings of its own.
func TestTidy(t *testing.T) {
	for name, want := range map[string]string{
		"":                          "Regie",
		"../../etc":                 "etc",
		"a\nKey=b":                  "aKeyb",
		"  Théo's   show ":          "Théo's show",
		strings.Repeat("é", 100):    strings.Repeat("é", 60),
		"…":                         "…",
		"C:\\Windows\\system32\x00": "CWindowssystem32",
	} {
		if got := tidy(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}
