package config

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// good is a session that nothing is wrong with.
const good = `sessions:
  - id: studio
    title: First session
    host: {name: Ana, key: host-key-1234}
    guests:
      - {name: Théo, key: guest-key-1234, gain: 0.5}
`

func mustLoad(t *testing.T, text string, environ []string, set ...string) *Loaded {
	t.Helper()
	l, err := load("regie.yml", text, environ, set)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReferenceEqualsDefault(t *testing.T) {
	l := mustLoad(t, string(Reference), nil)
	if diff := cmp.Diff(Default(), l.Config); diff != "" {
		t.Errorf("regie.yml is not Default() (-Default +regie.yml):\n%s", diff)
	}
	// Equal values would not show a key that the reference leaves out.
	for _, s := range settings(&l.Config) {
		if l.Origin(s.path).Name != "regie.yml" {
			t.Errorf("regie.yml does not mention %s", s.path)
		}
	}
}

func TestReferenceExample(t *testing.T) {
	_, example, found := strings.Cut(string(Reference), "#   - id: studio")
	if !found {
		t.Fatal("regie.yml has no example session")
	}
	text := "sessions:\n  - id: studio" + strings.ReplaceAll(example, "\n# ", "\n")
	text, _, _ = strings.Cut(text, "sessions: []")
	l := mustLoad(t, text, nil)
	want := []Session{{
		ID: "studio", Title: "First session", Autostart: true,
		Host: Participant{Name: "Ana", Key: "A-KEY-OF-YOUR-OWN", Gain: 1},
		Guests: []Participant{
			{Name: "Théo", Key: "ANOTHER-KEY", Gain: 1},
			{Name: "Roof", Source: "rtsp://user:password@camera:554/main", Gain: 1},
		},
	}}
	if diff := cmp.Diff(want, l.Config.Sessions); diff != "" {
		t.Error(diff)
	}
}

func TestStarter(t *testing.T) {
	text := Starter()
	l := mustLoad(t, string(text), nil)
	if len(l.Warnings) > 0 {
		t.Errorf("warnings: %q", l.Warnings)
	}
	keys := map[Secret]bool{}
	s := l.Config.Sessions[0]
	for _, p := range append([]Participant{s.Host}, s.Guests...) {
		keys[p.Key] = true
		if n := len(p.Key.Reveal()); n < 26 {
			t.Errorf("%s's key has %d characters", p.Name, n)
		}
	}
	if len(keys) != 4 {
		t.Errorf("%d different keys, want 4", len(keys))
	}
	if bytes.Equal(text, Starter()) {
		t.Error("two starters have the same keys")
	}
	want := Default()
	want.Sessions = l.Config.Sessions
	if diff := cmp.Diff(want, l.Config); diff != "" {
		t.Error(diff)
	}
}

func TestPrecedence(t *testing.T) {
	const file = "program: {width: 640, height: 360, kbps: 1000}\nwebrtc: {public_hosts: [a.example]}\n"
	l := mustLoad(t, file, []string{
		"REGIE_PROGRAM_HEIGHT=480", "REGIE_PROGRAM_KBPS=1100", "REGIE_RTMPS_ADDRESS=off", "REGIE_DATA_DIR=",
		"REGIE_WEBRTC_PUBLIC_HOSTS=live.example.org, 203.0.113.7", "HOME=/root",
	}, "program.kbps=1200")
	want := Default()
	want.Program.Width, want.Program.Height, want.Program.Kbps = 640, 480, 1200
	want.Program.Ladder = []Rung{} // of a program this small
	want.RTMPS.Address = "off"
	want.WebRTC.PublicHosts = []string{"live.example.org", "203.0.113.7"}
	if diff := cmp.Diff(want, l.Config); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"program.fps": "default", "program.width": "regie.yml:1", "program.height": "REGIE_PROGRAM_HEIGHT",
		"program.kbps": "--set", "data.dir": "default", "webrtc.public_hosts": "REGIE_WEBRTC_PUBLIC_HOSTS",
	} {
		if got := l.exact(path).String(); got != want {
			t.Errorf("%s comes from %q, want %q", path, got, want)
		}
	}
	if l.Config.RTMPS.Address.On() {
		t.Error("off is on")
	}
}

func TestSessionsFromEnvironment(t *testing.T) {
	const env = "REGIE_SESSIONS=[{id: other, host: {name: Bo, key: 0123456789}}]"
	l := mustLoad(t, good, []string{env})
	want := []Session{{ID: "other", Autostart: true, Host: Participant{Name: "Bo", Key: "0123456789", Gain: 1}}}
	if diff := cmp.Diff(want, l.Config.Sessions); diff != "" {
		t.Error(diff)
	}
	_, err := load("regie.yml", good, []string{"REGIE_SESSIONS=[{id: other, host: {name: Bo}}]"}, nil)
	if want := "REGIE_SESSIONS:1:14: sessions[0].host.key: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestWarnings(t *testing.T) {
	l := mustLoad(t, good, []string{
		"REGIE_RTPM_ADDRESS=:1", "REGIE_CONFIG=x.yml", "REGIE_PORT=tcp://10.0.0.1:80", "REGIE_SERVICE_HOST=10.0.0.1",
	})
	want := []string{"REGIE_RTPM_ADDRESS is no setting and is ignored; did you mean REGIE_RTMP_ADDRESS?"}
	if diff := cmp.Diff(want, l.Warnings); diff != "" {
		t.Error(diff)
	}
	if l := mustLoad(t, "", nil); len(l.Warnings) != 0 {
		t.Errorf("nothing is set: warnings %q", l.Warnings)
	}
}

func TestPartFitsFrameRate(t *testing.T) {
	for _, test := range []struct {
		text       string
		part       time.Duration
		partFrames int
	}{
		{"program: {fps: 30}", 333 * time.Millisecond, 10},
		{"program: {fps: 60}", 333 * time.Millisecond, 20},
		{"program: {fps: 24}", 333 * time.Millisecond, 8},
		{"program: {fps: 25}", 400 * time.Millisecond, 10},
		{"program: {fps: 50}", 400 * time.Millisecond, 20},
		{"program: {fps: 10}", 400 * time.Millisecond, 4},
		{"program: {fps: 29}", time.Second, 29}, // a prime: nothing shorter divides 58
		{"program: {fps: 25}\nhls: {segment: 1s, window: 6s}", 200 * time.Millisecond, 5},
		{"program: {fps: 25}\nhls: {part: 200ms}", 200 * time.Millisecond, 5},
	} {
		c := mustLoad(t, test.text, nil).Config
		if c.HLS.Part != test.part || c.PartFrames() != test.partFrames || c.SegmentFrames()%c.PartFrames() != 0 {
			t.Errorf("%s: part %s, %d of %d frames; want %s, %d", test.text,
				c.HLS.Part, c.PartFrames(), c.SegmentFrames(), test.part, test.partFrames)
		}
	}
}

func TestRender(t *testing.T) {
	const text = `http: {address: "127.0.0.1:80"}
sessions:
  - id: a
    title: "2026: a start"
    host: {name: Ana, key: host-key-1234}
    guests: [{name: Cam, source: "rtsp://me:letmein@cam/1?pw=letmein"}]
`
	l := mustLoad(t, text, []string{"REGIE_PROGRAM_KBPS=900"})
	shown := string(l.Render(Shown{Origin: true}))
	for _, want := range []string{
		"  address: \"127.0.0.1:80\"", "# regie.yml:1\n", "  kbps: 900 ", "# REGIE_PROGRAM_KBPS\n", "# default\n",
		`key: "•••"`, "rtsp://•••@cam/1?•••", "window: \"30s\"",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "1234") || strings.Contains(shown, "letmein") {
		t.Errorf("a secret is shown:\n%s", shown)
	}
	again := mustLoad(t, string(l.Render(Shown{Secrets: true})), nil)
	if diff := cmp.Diff(l.Config, again.Config); diff != "" {
		t.Errorf("what was written does not read the same:\n%s", diff)
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestLadderFollowsTheProgram(t *testing.T) {
	for _, test := range []struct {
		program string
		want    []Rung
	}{
		{"{}", []Rung{{640, 360, 700}}},
		{"{width: 1920, height: 1080, kbps: 5000}", []Rung{{640, 360, 700}}},
		{"{width: 720, height: 1280}", []Rung{{360, 640, 700}}},
		{"{width: 960, height: 720, kbps: 1000}", []Rung{{480, 360, 500}}},
		{"{width: 640, height: 360}", []Rung{}},
		{"{ladder: []}", []Rung{}},
		{"{ladder: [{width: 854, height: 480, kbps: 1200}]}", []Rung{{854, 480, 1200}}},
	} {
		if diff := cmp.Diff(test.want, mustLoad(t, "program: "+test.program+"\n", nil).Config.Program.Ladder); diff != "" {
			t.Errorf("%s: %s", test.program, diff)
		}
	}
}
