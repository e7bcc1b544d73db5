package config

import (
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		environ []string
		set     []string
		want    []string // each on a line of its own, in order
	}{
		"typo in a section": {
			text: "http: {address: \":80\"}\nrtpm:\n  address: x\n",
			want: []string{"regie.yml:2:1: rtpm: unknown key, did you mean rtmp?"},
		},
		"typo in a key": {
			text: "program:\n  wdith: 3\n",
			want: []string{"regie.yml:2:3: program.wdith: unknown key, did you mean width?"},
		},
		"key of another section": {
			text: "fps: 25\n",
			want: []string{"regie.yml:1:1: fps: unknown key, did you mean program.fps?"},
		},
		"nothing near": {
			text: "tls: {acme: true}\n",
			want: []string{"regie.yml:1:7: tls.acme: unknown key, the keys here are cert, key"},
		},
		"no redis": {
			text: "audience: {redis: \"http://a:p@redis:6379\"}\n",
			want: []string{`regie.yml:1:12: audience.redis: http://•••@redis:6379 is no address of a Redis server; write redis://HOST:6379, or nothing if this gateway stands alone`},
		},
		"all at once, in the order of the file": {
			text: "program: {width: 1281, fps: 5}\nhls: {part: 50ms}\nlog: {level: loud}\nx: 1\ndata: {dir: \"\"}\n",
			want: []string{
				"regie.yml:1:11: program.width: 1281 is odd, and colour is stored for squares of two pixels; write 1280",
				"regie.yml:1:24: program.fps: 5 is out of range; write 10 to 60 frames a second",
				"regie.yml:2:7: hls.part: 50ms is out of range; write 100ms to 1s",
				`regie.yml:3:7: log.level: "loud" is not known; write debug, info, warn, error`,
				"regie.yml:4:1: x: unknown key, the keys here are http, rtmp, rtmps, rtsp, rtsps, webrtc, turn, metrics, tls, data, log, program, hls, stage, outside, audience, sessions",
				"regie.yml:5:8: data.dir: the folder is missing; write ./data",
			},
		},
		"wrong kinds": {
			text: "http: 8080\nprogram: {width: wide, fps: [30], kbps: }\nsessions: {id: a}\nwebrtc: {public_hosts: a}\n",
			want: []string{
				"regie.yml:1:7: http: here belong keys with values, not one value; write for example address: …",
				`regie.yml:2:18: program.width: "wide" cannot be read; write a whole number`,
				"regie.yml:2:29: program.fps: here belongs one value, not a list",
				`regie.yml:2:40: program.kbps: the value is missing; write one, or "" for none`,
				"sessions: here belongs a list, not keys with values; write [] or begin each line with a dash",
				"webrtc.public_hosts: here belongs a list, not one value",
			},
		},
		"duration without unit": {
			text: "hls: {part: 333}\n",
			want: []string{`regie.yml:1:13: hls.part: "333" cannot be read; write a number with its unit, such as 333ms, 2s or 1m`},
		},
		"outside with a scheme": {
			text: "outside: {allow: [\"http://hooks.lan\", \"hooks.lan:http\"]}\n",
			want: []string{
				`regie.yml:1:19: outside.allow[0]: "http://hooks.lan" is no host; write hooks.example.org or 10.0.0.7:8000, without scheme`,
				`regie.yml:1:39: outside.allow[1]: "hooks.lan:http" is no host; write hooks.example.org or 10.0.0.7:8000, without scheme`,
			},
		},
		"not YAML":           {text: "a: [\n", want: []string{"regie.yml:1:4: this is not YAML: "}},
		"the same key twice": {text: "rtmp: {address: off}\nrtmp: {address: off}\n", want: []string{"regie.yml:2:1: this is not YAML: mapping key \"rtmp\" already defined"}},
		"two documents":      {text: "rtmp: {}\n---\nrtmp: {}\n", want: []string{"a second document begins here"}},
		"aliases":            {text: "rtmp: &a {}\nrtsp: *a\n", want: []string{"regie.yml:1:7: rtmp: anchors", "regie.yml:2:7: rtsp: anchors"}},
		"tls needs both":     {text: "tls: {cert: a.pem}\n", want: []string{"regie.yml:1:1: tls: cert and key only work together"}},
		"grace":              {text: "stage: {grace: 2h}\n", want: []string{"regie.yml:1:9: stage.grace: 2h0m0s is out of range"}},
		"address":            {text: "http: {address: 8080}\n", want: []string{`regie.yml:1:8: http.address: "8080" is not an address to listen on`}},
		"port too large":     {text: "rtsp: {address: \":65536\"}\n", want: []string{`":65536" is not an address`}},
		"http cannot be off": {text: "http: {address: off}\n", want: []string{"http.address: the appliance cannot do without HTTP"}},
		"the same port":      {text: "rtmp: {address: \"127.0.0.1:8080\"}\n", want: []string{"rtmp.address: port 8080 is already used by http.address"}},
		"public host with port": {
			text: "webrtc: {public_hosts: [live.example.org, \"1.2.3.4:8189\"]}\n",
			want: []string{`regie.yml:1:43: webrtc.public_hosts[1]: "1.2.3.4:8189" is neither a name nor an address`},
		},
		"TURN alone": {
			text: "webrtc: {address: off}\nturn: {address: \":3478\"}\n",
			want: []string{"regie.yml:2:8: turn.address: TURN relays to WebRTC, which is off"},
		},
		"no ICE server": {
			text: "webrtc: {ice_servers: [{url: \"https://turn.example.org\"}, {url: \"turn:turn.example.org\"}]}\n",
			want: []string{`"https://turn.example.org" is no STUN or TURN server`, "webrtc.ice_servers[1]: a TURN server takes nobody without a name"},
		},
		"chosen part does not fit": {
			text: "program: {fps: 25}\nhls: {part: 333ms}\n",
			want: []string{"regie.yml:2:7: hls.part: 333ms (8 frames) does not divide a segment of 2s (50 frames at 25 a second); write 200ms, 400ms, 1s"},
		},
		"segment is no whole frames": {
			text: "program: {fps: 25}\nhls: {segment: 1500ms}\n",
			want: []string{"regie.yml:2:7: hls.segment: 1.5s is not a whole number of frames at 25 a second; write 1.52s"},
		},
		"segment shorter than a part": {text: "hls: {part: 500ms, segment: 400ms}\n", want: []string{"hls.segment: 400ms is out of range; write 500ms (one part) to 10s"}},
		"short window":                {text: "hls: {window: 5s}\n", want: []string{"hls.window: 5s is out of range; write 6s (3 segments) to 24h0m0s"}},
		"ladder": {
			text: `program:
  ladder:
    - {width: 854, height: 480, kbps: 3000}
    - {width: 640, height: 400, kbps: 700}
    - {width: 641, height: 360, kbps: 700}
`,
			want: []string{
				"regie.yml:3:33: program.ladder[0].kbps: 3000 is out of range; write 50 to 2500",
				"regie.yml:4:7: program.ladder[1]: 640×400 has another shape than the program's 1280×720; write width: 712",
				"regie.yml:5:7: program.ladder[2]: 641×360 is no picture size",
			},
		},
		"ladder upside down": {
			text: "program: {ladder: [{width: 320, height: 180, kbps: 300}, {width: 640, height: 360, kbps: 300}]}\n",
			want: []string{"program.ladder[1]: 640×360 is not smaller than 320×180 above it"},
		},
		"environment": {
			environ: []string{"REGIE_PROGRAM_KBPS=fast", "REGIE_PROGRAM_FPS=9"},
			want:    []string{`REGIE_PROGRAM_KBPS: program.kbps: "fast" cannot be read; write a whole number`, "REGIE_PROGRAM_FPS: program.fps: 9 is out of range"},
		},
		"flags": {
			set:  []string{"program.fsp=3", "program.kbps", "program.fps=99"},
			want: []string{"--set: program.fsp: unknown key, did you mean program.fps?", "--set: program.kbps: a value is missing", "--set: program.fps: 99 is out of range"},
		},
		"sessions": {
			text: `sessions:
  - id: Studio One
    host: {name: "", key: short}
    guests: [{name: A, key: guest-key-1}, {name: B, key: guest-key-1}, {name: C, gain: 5, key: "has space-in it"}, {name: D}]
  - id: two
    host: {name: E, key: guest-key-1}
  - id: two
    host: {name: F, key: aaaaaaaaaaaa, gain: .nan}
    guests:
      - {name: G, source: "http://camera/"}
      - {name: H, source: "rtsp://camera/", key: another-key-1}
  - title: no id
`,
			want: []string{
				`regie.yml:2:5: sessions[0].id: "Studio One" cannot stand in an address`,
				"regie.yml:3:12: sessions[0].host.name: a name is needed",
				"regie.yml:3:22: sessions[0].host.key: a key of 5 characters can be guessed",
				"regie.yml:4:5: sessions[0].guests: 4 guests are too many",
				"regie.yml:4:53: sessions[0].guests[1].key: this is also the key of sessions[0].guests[0]",
				"regie.yml:4:82: sessions[0].guests[2].gain: 5 is out of range",
				"regie.yml:4:91: sessions[0].guests[2].key: the key has characters that encoders change",
				"regie.yml:4:116: sessions[0].guests[3].key: this seat can neither be sent to nor pulled",
				"regie.yml:6:21: sessions[1].host.key: this is also the key of sessions[0].guests[0]",
				`regie.yml:7:5: sessions[2].id: "two" is also the id of sessions[1]`,
				`regie.yml:8:46: sessions[2].host.gain: ".nan" cannot be read`,
				"regie.yml:8:21: sessions[2].host.key: a key of one repeated character",
				"regie.yml:10:19: sessions[2].guests[0].source: this is not the address of an RTSP camera",
				"regie.yml:11:19: sessions[2].guests[1].source: this seat has a key as well",
				`regie.yml:12:5: sessions[3].id: "" cannot stand in an address`,
				"sessions[3].host.name: a name is needed",
				"sessions[3].host.key: this seat can neither",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load("regie.yml", test.text, test.environ, test.set)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(test.want) {
				t.Errorf("%d problems, want %d:\n%v", len(got), len(test.want), err)
			}
			for i, want := range test.want {
				if i < len(got) && !strings.Contains(got[i], want) {
					t.Errorf("problem %d:\n got %s\nwant %s", i, got[i], want)
				}
			}
			for _, key := range []string{"short", "guest-key-1", "has space-in it", "another-key-1", "aaaaaaaaaaaa"} {
				if strings.Contains(err.Error(), key) {
					t.Errorf("the error tells a key:\n%v", err)
				}
			}
		})
	}
}

func TestGoodConfigurations(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"only comments":    "# nothing\n",
		"empty sections":   "http:\nsessions:\nwebrtc:\n  public_hosts:\n",
		"portrait":         "program: {width: 720, height: 1280}\n",
		"any free ports":   "http: {address: \":0\"}\nrtmp: {address: \":0\"}\n",
		"ports off":        "rtmp: {address: \"\"}\nrtsp: {address: off}\nwebrtc: {address: off}\nmetrics: {address: off}\n",
		"same port, apart": "http: {address: \"10.0.0.1:80\"}\nrtmp: {address: \"10.0.0.2:80\"}\n",
		"IPv6":             "http: {address: \"[::1]:8080\"}\nwebrtc: {public_hosts: [\"2001:db8::1\"]}\n",
		"the session":      good,
		"digits as a key":  "sessions: [{id: a, host: {name: A, key: 0000123456}}]\n",
		"hosts inside":     "outside: {allow: [localhost, \"127.0.0.1:80\", \"[::1]:80\", \"[::1]\", \"::1\"]}\n",
		"a number as name": "sessions: [{id: a, title: 2026, host: {name: 1, key: 0000123456}}]\n",
	} {
		t.Run(name, func(t *testing.T) { mustLoad(t, text, nil) })
	}
	l := mustLoad(t, "sessions: [{id: a, host: {name: A, key: 0000123456}}]\n", nil)
	if got := l.Config.Sessions[0].Host.Key.Reveal(); got != "0000123456" {
		t.Errorf("a key of digits was read as %s", got)
	}
}

func TestLoadMissingFile(t *testing.T) {
	_, err := Load(Sources{File: t.TempDir() + "/regie.yml"})
	if err == nil || !strings.Contains(err.Error(), "there is no such file; make one with: regie config init") {
		t.Errorf("got %v", err)
	}
}

// FuzzLoad: whatever is written, Load answers with a valid Config or with an
// error, and a Config that it gave is read the same when it is written again.
func FuzzLoad(f *testing.F) {
	f.Add(string(Reference), "", "")
	f.Add(string(Starter()), "[{id: a, host: {name: A, key: k1234567}}]", "program.kbps=4000")
	f.Add(good, "[", "hls.part=1s")
	f.Add("a: &a [*a]\n<<: *a\n? {x: y}\n: z\n!!str b: !x |\n  c\n", "{", "sessions={}")
	f.Fuzz(func(t *testing.T, text, sessions, set string) {
		l, err := load("f.yml", text, []string{"REGIE_SESSIONS=" + sessions}, []string{set})
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if err := l.Config.Validate(); err != nil {
			t.Fatalf("Load gave an invalid Config: %v", err)
		}
		written := l.Render(Shown{Secrets: true})
		again, err := load("again.yml", string(written), nil, nil)
		if err != nil {
			t.Fatalf("what Render wrote does not load: %v\n%s", err, written)
		}
		if rewritten := again.Render(Shown{Secrets: true}); string(rewritten) != string(written) {
			t.Fatalf("not the same when read again:\n%s\n%s", written, rewritten)
		}
	})
}
