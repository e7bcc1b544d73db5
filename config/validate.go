package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bounds that Validate holds values to.
const (
	minSide, maxSide     = 160, 1920 // pixels
	minFPS, maxFPS       = 10, 60
	minKbps, maxKbps     = 100, 20000
	minPixels, maxPixels = 320 * 180, 7680 * 4320
	minPart, maxPart     = 100 * time.Millisecond, time.Second
	maxSegment           = 10 * time.Second
	minSegments          = 3 // in the window: RFC 8216bis section 6.2.2
	maxWindow            = 24 * time.Hour
	minDisk, maxDisk     = 100, 100_000_000 // MB
	minGrace, maxGrace   = time.Second, time.Hour
)

// Validate reports everything that is wrong, as *Problem joined; nil when the
// configuration can be run.
func (c Config) Validate() error { return join(c.problems()) }

// checker gathers problems.
type checker struct{ problems []*Problem }

func (k *checker) add(path, wrong, fix string) {
	k.problems = append(k.problems, &Problem{Path: path, Wrong: wrong, Fix: fix})
}

// between checks a number, named in fix with its unit.
func (k *checker) between(path string, n, least, most int, unit string) bool {
	if n >= least && n <= most {
		return true
	}
	k.add(path, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("write %d to %d %s", least, most, unit))
	return false
}

func (k *checker) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.add(path, fmt.Sprintf("%q is not known", value), "write "+strings.Join(allowed, ", "))
	}
}

func (c Config) problems() []*Problem {
	k := &checker{}
	c.checkPorts(k)
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		k.add("tls", "cert and key only work together", "write both, or neither for a self-signed certificate")
	}
	if c.Data.Dir == "" {
		k.add("data.dir", "the folder is missing", "write ./data")
	}
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "text", "json")
	c.checkProgram(k)
	c.checkHLS(k)
	if c.Stage.Grace < minGrace || c.Stage.Grace > maxGrace {
		k.add("stage.grace", c.Stage.Grace.String()+" is out of range", "write 1s to 1h")
	}
	for i, a := range c.Outside.Allow {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			host, port = strings.Trim(a, "[]"), "1"
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil || !isHost(host) {
			k.add(fmt.Sprintf("outside.allow[%d]", i), fmt.Sprintf("%q is no host", a), "write hooks.example.org or 10.0.0.7:8000, without scheme")
		}
	}
	c.checkAudience(k)
	c.checkSessions(k)
	return k.problems
}

func (c Config) checkAudience(k *checker) {
	const fix = "write redis://HOST:6379, or nothing if this gateway stands alone"
	if c.Audience.Redis == "" {
		return
	}
	u, err := url.Parse(c.Audience.Redis.Reveal())
	if err != nil || u.Host == "" || !slices.Contains([]string{"redis", "rediss", "redis+sentinel"}, u.Scheme) {
		k.add("audience.redis", fmt.Sprintf("%q is no address of a Redis server", c.Audience.Redis), fix)
	}
}

// hostName is a DNS name; addresses are recognised before it is asked.
var hostName = regexp.MustCompile(`^(?i)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$`)

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostName.MatchString(s)
}

func (c Config) checkPorts(k *checker) {
	ports := []struct {
		path    string
		address Address
	}{
		{"http.address", c.HTTP.Address},
		{"rtmp.address", c.RTMP.Address},
		{"rtmps.address", c.RTMPS.Address},
		{"rtsp.address", c.RTSP.Address},
		{"rtsps.address", c.RTSPS.Address},
		{"webrtc.address", c.WebRTC.Address},
		{"turn.address", c.TURN.Address},
		{"metrics.address", c.Metrics.Address},
	}
	type taken struct{ path, host string }
	byPort := map[string][]taken{}
	for _, p := range ports {
		if !p.address.On() {
			continue
		}
		host, port, err := net.SplitHostPort(string(p.address))
		n, errPort := strconv.ParseUint(port, 10, 16)
		if err != nil || errPort != nil || (host != "" && !isHost(host)) {
			k.add(p.path, fmt.Sprintf("%q is not an address to listen on", string(p.address)),
				`write host:port such as ":8080" or "127.0.0.1:8080", or off`)
			continue
		}
		if n == 0 {
			continue // any free one
		}
		for _, other := range byPort[port] {
			if sameHost(host, other.host) {
				k.add(p.path, fmt.Sprintf("port %s is already used by %s", port, other.path), "write another port, or off")
				break
			}
		}
		byPort[port] = append(byPort[port], taken{p.path, host})
	}
	if !c.HTTP.Address.On() {
		k.add("http.address", "the appliance cannot do without HTTP: pages, HLS, WHIP and WHEP go through it", `write ":8080"`)
	}
	if c.TURN.Address.On() && !c.WebRTC.Address.On() {
		k.add("turn.address", "TURN relays to WebRTC, which is off", `set webrtc.address, or write off here`)
	}
	k.between("webrtc.max_viewers", c.WebRTC.MaxViewers, 0, 100_000, "viewers; 0 takes none")
	k.between("webrtc.max_mbps", c.WebRTC.MaxMbps, 0, 1_000_000, "Mbit/s; 0 sets no limit")
	for i, h := range c.WebRTC.PublicHosts {
		if !isHost(h) {
			k.add(fmt.Sprintf("webrtc.public_hosts[%d]", i), fmt.Sprintf("%q is neither a name nor an address", h),
				"write live.example.org or 203.0.113.7, without scheme and port")
		}
	}
	for i, s := range c.WebRTC.ICEServers {
		at := fmt.Sprintf("webrtc.ice_servers[%d]", i)
		if !isICE(s.URL) {
			k.add(at+".url", fmt.Sprintf("%q is no STUN or TURN server", s.URL), "write stun:HOST:PORT or turn:HOST:PORT?transport=udp")
		} else if strings.HasPrefix(s.URL, "turn") && (s.Username == "" || s.Credential == "") {
			k.add(at, "a TURN server takes nobody without a name", "write username and credential too")
		}
	}
}

// isICE knows the addresses of RFC 7064 and RFC 7065. Quotes and brackets would
// break the header that carries them.
func isICE(url string) bool {
	scheme, rest, ok := strings.Cut(url, ":")
	switch scheme {
	case "stun", "stuns", "turn", "turns":
		return ok && rest != "" && !strings.ContainsAny(rest, "/<>\" \t")
	}
	return false
}

// sameHost reports whether two listeners on the same port would collide.
func sameHost(a, b string) bool {
	wild := func(h string) bool { return h == "" || h == "0.0.0.0" || h == "::" }
	return a == b || wild(a) || wild(b)
}

func (c Config) checkProgram(k *checker) {
	side := func(path string, n int) {
		if k.between(path, n, minSide, maxSide, "pixels") && n%2 != 0 {
			k.add(path, fmt.Sprintf("%d is odd, and colour is stored for squares of two pixels", n),
				fmt.Sprintf("write %d", n-1))
		}
	}
	side("program.width", c.Program.Width)
	side("program.height", c.Program.Height)
	k.between("program.fps", c.Program.FPS, minFPS, maxFPS, "frames a second")
	k.between("program.kbps", c.Program.Kbps, minKbps, maxKbps, "kbit/s")
	k.between("program.max_pixels", c.Program.MaxPixels, minPixels, maxPixels, "(width × height)")
	c.checkLadder(k)
}

// maxLadder is how many rungs the ladder may have beside the program itself.
const maxLadder = 3

func (c Config) checkLadder(k *checker) {
	p := c.Program
	if len(p.Ladder) > maxLadder {
		k.add("program.ladder", fmt.Sprintf("%d rungs are too many", len(p.Ladder)), fmt.Sprintf("write at most %d; the program itself is the top one", maxLadder))
		return
	}
	above := Rung{p.Width, p.Height, p.Kbps}
	for i, r := range p.Ladder {
		at := fmt.Sprintf("program.ladder[%d]", i)
		// The shape may differ by what rounding to even numbers does.
		skew := r.Width*p.Height - r.Height*p.Width
		switch {
		case r.Width < 64 || r.Height < 64 || r.Width%2 != 0 || r.Height%2 != 0:
			k.add(at, fmt.Sprintf("%d×%d is no picture size", r.Width, r.Height), "write two even numbers from 64 on")
		case r.Width >= above.Width || r.Height >= above.Height:
			k.add(at, fmt.Sprintf("%d×%d is not smaller than %d×%d above it", r.Width, r.Height, above.Width, above.Height), "write the largest first, and none as large as the program")
		case skew > 2*max(p.Width, p.Height) || -skew > 2*max(p.Width, p.Height):
			k.add(at, fmt.Sprintf("%d×%d has another shape than the program's %d×%d", r.Width, r.Height, p.Width, p.Height),
				fmt.Sprintf("write width: %d", (r.Height*p.Width/max(1, p.Height)+1)&^1))
		case r.Kbps < 50 || r.Kbps > above.Kbps:
			k.add(at+".kbps", fmt.Sprintf("%d is out of range", r.Kbps), fmt.Sprintf("write 50 to %d, the bitrate above it", above.Kbps))
		}
		above = r
	}
}

func (c Config) checkHLS(k *checker) {
	h, fps := c.HLS, c.Program.FPS
	if h.Part < minPart || h.Part > maxPart {
		k.add("hls.part", h.Part.String()+" is out of range", "write 100ms to 1s")
		return
	}
	if h.Segment < h.Part || h.Segment > maxSegment {
		k.add("hls.segment", h.Segment.String()+" is out of range", fmt.Sprintf("write %s (one part) to %s", h.Part, maxSegment))
		return
	}
	if h.Window < minSegments*h.Segment || h.Window > maxWindow {
		k.add("hls.window", h.Window.String()+" is out of range",
			fmt.Sprintf("write %s (%d segments) to %s", minSegments*h.Segment, minSegments, maxWindow))
	}
	k.between("hls.disk_mb", h.DiskMB, minDisk, maxDisk, "MB")
	if fps < minFPS || fps > maxFPS {
		return // said already; nothing fits a wrong frame rate
	}
	if exact := time.Duration(c.SegmentFrames()) * time.Second / time.Duration(fps); (exact - h.Segment).Abs() > time.Millisecond {
		k.add("hls.segment", fmt.Sprintf("%s is not a whole number of frames at %d a second", h.Segment, fps),
			fmt.Sprintf("write %s", exact.Round(time.Millisecond)))
		return
	}
	if c.SegmentFrames()%c.PartFrames() != 0 {
		var fits []string
		for _, d := range partsThatFit(h.Segment, fps) {
			fits = append(fits, d.Round(time.Millisecond).String())
		}
		fix := "take another segment length"
		if len(fits) > 0 {
			fix = "write " + strings.Join(fits, ", ")
		}
		k.add("hls.part", fmt.Sprintf("%s (%d frames) does not divide a segment of %s (%d frames at %d a second)",
			h.Part, c.PartFrames(), h.Segment, c.SegmentFrames(), fps), fix)
	}
}
