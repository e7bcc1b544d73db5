package deploy_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/regie-live/regie/config"
)

// TestService lets systemd read the unit, and say how much it exposes.
func TestService(t *testing.T) {
	unit := filepath.Join(t.TempDir(), "regie.service")
	text := strings.ReplaceAll(read(t, "regie.service"), "/usr/local/bin/regie", "/bin/true") // verify looks for the program
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "regie.service") { // not what else is wrong on this machine
			t.Error(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// 2.0 of 10 is the most it may expose.
	if out, err := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestCompose(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Image       string   `yaml:"image"`
			Profiles    []string `yaml:"profiles"`
			NetworkMode string   `yaml:"network_mode"`
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			SecurityOpt []string `yaml:"security_opt"`
			Volumes     []string `yaml:"volumes"`
		} `yaml:"services"`
		Volumes map[string]any `yaml:"volumes"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	for name, s := range compose.Services {
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.NetworkMode != "host" {
			t.Errorf("%s has more than it needs", name)
		}
		if (name == "regie") == slices.Contains(s.Profiles, "monitoring") {
			t.Errorf("%s: profiles %v", name, s.Profiles)
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(from, "./") {
				if _, err := os.Stat(from); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if _, declared := compose.Volumes[from]; !declared {
				t.Errorf("%s: volume %s is not declared", name, from)
			}
		}
	}
	if !compose.Services["regie"].ReadOnly || len(compose.Services) != 3 {
		t.Errorf("regie is not read-only, or services are missing: %+v", compose.Services)
	}
}

// TestPortsAgree: what the image exposes and Prometheus scrapes is what the
// configuration listens on.
func TestPortsAgree(t *testing.T) {
	c := config.Default()
	var exposed []string
	for line := range strings.Lines(read(t, "../Dockerfile")) {
		if ports, found := strings.CutPrefix(line, "EXPOSE "); found {
			exposed = strings.Fields(ports)
		}
	}
	var want []string
	for _, a := range []config.Address{c.HTTP.Address, c.RTMP.Address, c.RTMPS.Address, c.RTSP.Address, c.RTSPS.Address} {
		want = append(want, portOf(t, a))
	}
	rtc := portOf(t, c.WebRTC.Address)
	want = append(want, rtc+"/tcp", rtc+"/udp")
	if !slices.Equal(exposed, want) {
		t.Errorf("the image exposes %v, the defaults are %v", exposed, want)
	}
	if target := `targets: ["` + string(c.Metrics.Address) + `"]`; !strings.Contains(read(t, "prometheus/prometheus.yml"), target) {
		t.Errorf("prometheus.yml lacks %s", target)
	}
}

func portOf(t *testing.T, a config.Address) string {
	t.Helper()
	_, port, err := net.SplitHostPort(string(a))
	if err != nil {
		t.Fatal(err)
	}
	return port
}
