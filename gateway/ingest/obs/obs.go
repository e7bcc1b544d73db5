// Package obs writes profiles for OBS Studio: a folder that Profile → Import
// takes, which sets the server, the key, the size and rate of the picture, the
// bitrate and the keyframes at once, so that nobody has to type them.
//
// It is pure, and keeps nothing of the key that it writes. The names of files and
// settings are those that OBS 28 to 32 read (OBSBasic_Profiles.cpp, obs-x264.c,
// rtmp-custom.c, whip-service.cpp); other encoders than x264 keep their own
// settings when the user chooses one.
package obs

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Protocol is how OBS is to send.
type Protocol string

// The ways that OBS knows.
const (
	RTMP Protocol = "rtmp" // also RTMPS: the server's address says which
	WHIP Protocol = "whip"
)

const (
	keyframeSeconds = 2
	audioKbps       = 160
)

// Profile is what OBS is to be told.
type Profile struct {
	Name     string // shown in OBS's menu
	Protocol Protocol
	Server   string // rtmp://HOST/live, https://HOST/whip
	Key      string // stream key or bearer token; may be empty

	Width, Height, FPS, Kbps int
}

// Zip gives the profile's folder as a zip file: basic.ini, service.json and
// streamEncoder.json.
func (p Profile) Zip() ([]byte, error) {
	if p.Protocol != RTMP && p.Protocol != WHIP {
		return nil, fmt.Errorf("obs: there are profiles for rtmp and whip, not for %q", p.Protocol)
	}
	p.Name = tidy(p.Name)
	service, err := json.MarshalIndent(p.service(), "", "    ")
	if err != nil {
		return nil, err
	}
	encoder, err := json.MarshalIndent(p.encoder(), "", "    ")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range []struct {
		name string
		body []byte
	}{
		{"basic.ini", []byte(p.basic())},
		{"service.json", service},
		{"streamEncoder.json", encoder},
	} {
		// No date: the same profile is the same file.
		f, err := w.CreateHeader(&zip.FileHeader{Name: p.Name + "/" + file.name, Method: zip.Deflate, Modified: time.Time{}})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(file.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// basic sets Advanced output, because only that reads streamEncoder.json. WHIP's own
// settings must be let in: they have whatever encoder is chosen repeat its parameter
// sets, which come in no other way.
func (p Profile) basic() string {
	audio, service := "ffmpeg_aac", false
	if p.Protocol == WHIP {
		audio, service = "ffmpeg_opus", true
	}
	return fmt.Sprintf(`[General]
Name=%s

[Output]
Mode=Advanced
Reconnect=true
RetryDelay=2
MaxRetries=100

[AdvOut]
ApplyServiceSettings=%t
Encoder=obs_x264
AudioEncoder=%s
TrackIndex=1
Track1Bitrate=%d

[Video]
BaseCX=%d
BaseCY=%d
OutputCX=%d
OutputCY=%d
FPSType=1
FPSInt=%d

[Audio]
SampleRate=48000
ChannelSetup=Stereo
`, p.Name, service, audio, audioKbps, p.Width, p.Height, p.Width, p.Height, p.FPS)
}

// service is OBS's service.json.
type service struct {
	Type     string          `json:"type"`
	Settings serviceSettings `json:"settings"`
}

type serviceSettings struct {
	Server      string  `json:"server"`
	Key         *string `json:"key,omitempty"`
	UseAuth     *bool   `json:"use_auth,omitempty"`
	BearerToken *string `json:"bearer_token,omitempty"`
}

func (p Profile) service() service {
	if p.Protocol == WHIP {
		return service{"whip_custom", serviceSettings{Server: p.Server, BearerToken: &p.Key}}
	}
	return service{"rtmp_custom", serviceSettings{Server: p.Server, Key: &p.Key, UseAuth: new(bool)}}
}

// encoder is OBS's streamEncoder.json, for x264.
type encoder struct {
	RateControl string `json:"rate_control"`
	Bitrate     int    `json:"bitrate"`
	KeyintSec   int    `json:"keyint_sec"`
	Preset      string `json:"preset"`
	Profile     string `json:"profile"`
	Tune        string `json:"tune"`
	BFrames     int    `json:"bf"`
}

// encoder: B-frames only cost time here, and over WHIP browsers cannot show them.
// What comes by WHIP goes to the other guests as it is, so it is baseline.
func (p Profile) encoder() encoder {
	e := encoder{
		RateControl: "CBR", Bitrate: p.Kbps, KeyintSec: keyframeSeconds,
		Preset: "veryfast", Profile: "high", Tune: "zerolatency",
	}
	if p.Protocol == WHIP {
		e.Profile = "baseline"
	}
	return e
}

// tidy makes a name of a folder, and of a line in an INI file, of a title.
func tidy(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|[]=;`, r) {
			return -1
		}
		return r
	}, name)
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return cmp.Or(strings.Trim(string(runes[:min(len(runes), 60)]), " ."), "Regie")
}
