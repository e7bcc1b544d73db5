// Package config is what an operator decides, as plain typed values. It is a
// leaf: it imports nothing of Regie, and only the wiring reads it.
//
// It guarantees:
//   - A value comes from the last of default, file, environment and flag that
//     sets it, and Loaded.Origins says which one that was.
//   - A Config that Load returns is valid; Load's error names every problem at
//     once, each with its place, what is wrong and what to write instead.
//   - Nothing is taken silently: a key that does not exist is an error.
//   - A secret prints as dots, however it is printed, unless Reveal is called.
//
// regie.yml in this folder is the reference: every key with its default. A test
// holds it equal to Default.
package config

import (
	"math"
	"time"
)

// Config is the whole configuration.
type Config struct {
	HTTP     Listener  `yaml:"http"`
	RTMP     Listener  `yaml:"rtmp"`
	RTMPS    Listener  `yaml:"rtmps"`
	RTSP     Listener  `yaml:"rtsp"`
	RTSPS    Listener  `yaml:"rtsps"`
	WebRTC   WebRTC    `yaml:"webrtc"`
	TURN     Listener  `yaml:"turn"` // UDP too; relays people on stage to WebRTC
	Metrics  Listener  `yaml:"metrics"`
	TLS      TLS       `yaml:"tls"`
	Data     Data      `yaml:"data"`
	Log      Log       `yaml:"log"`
	Program  Program   `yaml:"program"`
	HLS      HLS       `yaml:"hls"`
	Stage    Stage     `yaml:"stage"`
	Outside  Outside   `yaml:"outside"`
	Audience Audience  `yaml:"audience"`
	Sessions []Session `yaml:"sessions"`
}

// Address is where a port listens: host:port, where an empty host means every
// interface and port 0 any free one. Empty or "off" switches the port off.
type Address string

// On reports whether the port is wanted.
func (a Address) On() bool { return a != "" && a != "off" }

// Listener is one TCP port.
type Listener struct {
	Address Address `yaml:"address"`
}

// WebRTC is the one port, UDP and TCP, that all WebRTC media goes through.
type WebRTC struct {
	Address Address `yaml:"address"`
	// PublicHosts are further names or addresses under which viewers and
	// publishers reach that port, such as the outside of a NAT.
	PublicHosts []string `yaml:"public_hosts"`
	// ICEServers are told to WHIP and WHEP clients (RFC 9725 section 4.6). Nobody
	// needs one to reach this appliance; a network that only lets a TURN server
	// out does, for which people on stage can have the one of TURN.
	ICEServers []ICEServer `yaml:"ice_servers"`
	// MaxViewers and MaxMbps are how many WebRTC viewers, and how much to them, this
	// machine is trusted with. Whoever comes past that is sent to LL-HLS.
	MaxViewers int `yaml:"max_viewers"`
	MaxMbps    int `yaml:"max_mbps"` // 0: as much as goes
}

// ICEServer is a STUN or TURN server.
type ICEServer struct {
	URL        string `yaml:"url"` // stun:HOST:PORT, turn:HOST:PORT?transport=udp, turns:…
	Username   string `yaml:"username,omitempty"`
	Credential Secret `yaml:"credential,omitempty"`
}

// TLS is the certificate for RTMPS, RTSPS and, when it is set, HTTP. While both
// are empty RTMPS and RTSPS use a self-signed one and HTTP stays plain.
type TLS struct {
	Cert string `yaml:"cert"` // PEM file, leaf first
	Key  string `yaml:"key"`  // PEM file
}

// Data is where Regie keeps what must survive a restart.
type Data struct {
	Dir string `yaml:"dir"`
}

// Log says how much is logged, and in which form.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Program is the mixed picture.
type Program struct {
	Width     int `yaml:"width"`      // pixels, even, 160 to 1920
	Height    int `yaml:"height"`     // pixels, even, 160 to 1920
	FPS       int `yaml:"fps"`        // 10 to 60
	Kbps      int `yaml:"kbps"`       // of the picture, 100 to 20000
	MaxPixels int `yaml:"max_pixels"` // largest picture taken from a publisher, width × height
	// Ladder is the smaller pictures that viewers on thin links get, each smaller
	// than the one before. Every rung costs an encoder.
	Ladder []Rung `yaml:"ladder"`
}

// Rung is one smaller encoding of the program.
type Rung struct {
	Width  int `yaml:"width"` // pixels, even; the shape is the program's
	Height int `yaml:"height"`
	Kbps   int `yaml:"kbps"`
}

// HLS shapes the LL-HLS output. Parts and segments are whole numbers of frames.
// What of Window is older than a minute lies on disk.
type HLS struct {
	Part    time.Duration `yaml:"part"`    // 100 ms to 1 s
	Segment time.Duration `yaml:"segment"` // a whole number of parts, up to 10 s
	Window  time.Duration `yaml:"window"`  // what a playlist lists, at least 3 segments
	DiskMB  int           `yaml:"disk_mb"` // how much disk the windows of all sessions may take, in MB
}

// Stage is how a running session treats its participants.
type Stage struct {
	// Grace is how long a participant whose connection was lost keeps the cell.
	Grace time.Duration `yaml:"grace"`
}

// Outside is about the servers that Regie asks of its own accord, at addresses that
// people of the pages chose: pictures, webhooks, reviews.
type Outside struct {
	// Allow are hosts, with or without a port, that are asked though they are on the
	// operator's own network, and without TLS if the address says http.
	Allow []string `yaml:"allow"`
}

// Audience is what viewers say to each other and to the stage.
type Audience struct {
	// Redis is a server through which several gateways exchange what is said, as
	// redis://HOST:PORT. Empty: this gateway stands alone. It may hold a password.
	Redis SourceURL `yaml:"redis"`
}

// Session declares one live show.
type Session struct {
	ID        string        `yaml:"id"` // [a-z0-9-]{1,64}
	Title     string        `yaml:"title"`
	Host      Participant   `yaml:"host"`
	Guests    []Participant `yaml:"guests"`
	Autostart bool          `yaml:"autostart"` // on air as soon as the host sends; true unless said otherwise
}

// MaxGuests is how many guests a session may have.
const MaxGuests = 3

// Participant is a person on stage, who either sends with a Key or is pulled
// from a Source.
type Participant struct {
	Name   string    `yaml:"name"`
	Key    Secret    `yaml:"key,omitempty"`
	Source SourceURL `yaml:"source,omitempty"`
	Gain   float64   `yaml:"gain"` // linear, 0 to 4; 1 leaves the level as it is
}

func (s *Session) setDefaults() {
	s.Autostart = true
	s.Host.setDefaults()
}

func (p *Participant) setDefaults() { p.Gain = 1 }

// Default is the configuration of an appliance for which nothing was decided.
func Default() Config {
	return Config{
		HTTP:    Listener{Address: ":8080"},
		RTMP:    Listener{Address: ":1935"},
		RTMPS:   Listener{Address: ":1936"},
		RTSP:    Listener{Address: ":8554"},
		RTSPS:   Listener{Address: ":8322"},
		WebRTC:  WebRTC{Address: ":8189", PublicHosts: []string{}, ICEServers: []ICEServer{}, MaxViewers: 1000},
		TURN:    Listener{Address: "off"},
		Metrics: Listener{Address: "127.0.0.1:9998"},
		Data:    Data{Dir: "./data"},
		Log:     Log{Level: "info", Format: "text"},
		Program: Program{
			Width: 1280, Height: 720, FPS: 30, Kbps: 2500,
			MaxPixels: 2560 * 1440,
			Ladder:    []Rung{{Width: 640, Height: 360, Kbps: 700}},
		},
		HLS: HLS{
			Part:    333 * time.Millisecond,
			Segment: 2 * time.Second,
			Window:  30 * time.Second,
			DiskMB:  20000,
		},
		Stage:    Stage{Grace: time.Minute},
		Outside:  Outside{Allow: []string{}},
		Sessions: []Session{},
	}
}

// PartFrames is how many frames an HLS part has.
func (c Config) PartFrames() int { return frames(c.HLS.Part, c.Program.FPS) }

// SegmentFrames is how many frames an HLS segment has, which is also the
// distance between scheduled keyframes.
func (c Config) SegmentFrames() int { return frames(c.HLS.Segment, c.Program.FPS) }

func frames(d time.Duration, fps int) int {
	return int(math.Round(d.Seconds() * float64(fps)))
}

// fitPart moves a part length that nobody chose to the nearest one that divides
// a segment: at 25 frames a second 333 ms would leave two frames over.
func (c *Config) fitPart() {
	fits := partsThatFit(c.HLS.Segment, c.Program.FPS)
	if len(fits) == 0 {
		return // Validate says why
	}
	best := fits[0]
	for _, d := range fits {
		if (d - c.HLS.Part).Abs() < (best - c.HLS.Part).Abs() {
			best = d
		}
	}
	if frames(best, c.Program.FPS) != c.PartFrames() {
		c.HLS.Part = best
	}
}

// fitLadder gives a program whose size was chosen, but not its ladder, one of its
// own shape: one rung with a shorter side of 360, where that is a good deal less.
func (c *Config) fitLadder() {
	p := &c.Program
	short, long := min(p.Width, p.Height), max(p.Width, p.Height)
	p.Ladder = []Rung{}
	if short < 540 {
		return
	}
	r := Rung{Width: (long*360/short + 1) &^ 1, Height: 360, Kbps: min(700, p.Kbps/2)}
	if p.Width < p.Height {
		r.Width, r.Height = r.Height, r.Width
	}
	p.Ladder = append(p.Ladder, r)
}

// partsThatFit lists the part lengths, shortest first, that divide a segment
// into whole frames.
func partsThatFit(segment time.Duration, fps int) []time.Duration {
	var fits []time.Duration
	if fps < minFPS || fps > maxFPS || segment < minPart || segment > maxSegment {
		return nil
	}
	total := frames(segment, fps)
	for n := 1; n <= total; n++ {
		d := time.Duration(n) * time.Second / time.Duration(fps)
		if total%n == 0 && d >= minPart && d <= maxPart {
			fits = append(fits, d)
		}
	}
	return fits
}
