package show

import (
	"strings"
	"time"
)

// SourceURL is where a participant's picture is fetched from. It may hold a
// password, and cameras expect theirs in any part of it: it prints as its host.
type SourceURL string

func (u SourceURL) String() string {
	scheme, rest, ok := strings.Cut(string(u), "://")
	authority, beyond := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, beyond = rest[:i], rest[i:]
	}
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if !ok || host == "" || strings.Contains(beyond, "@") { // then the password may have a slash
		return Redacted
	}
	return scheme + "://" + host
}

// GoString implements fmt.GoStringer.
func (u SourceURL) GoString() string { return u.String() }

// Reach is how far a source may be fetched from, by who chose its address: this
// server stands in networks that not everybody should be able to look into.
type Reach string

// The reaches.
const (
	Public   Reach = ""         // the public internet, and what outside.allow names
	Private  Reach = "private"  // private networks as well: an administrator chose it
	Anywhere Reach = "anywhere" // it is in the configuration
)

// Camera is one that we fetch, as those know it who may add it.
type Camera struct {
	Participant ParticipantID `json:"participant"`
	Name        string        `json:"name"`
	Address     string        `json:"address" doc:"Scheme and host alone: the rest may hold a password"`
	CameraStatus
}

// NewCamera asks for one.
type NewCamera struct {
	Name    string `json:"name" minLength:"1" maxLength:"40"`
	Address string `json:"address" minLength:"1" maxLength:"1024" doc:"rtsp://user:password@host:554/path; never shown again"`
}

// CameraStatus is how it goes with a camera. It is tried again for ever.
type CameraStatus struct {
	State CameraState `json:"state"`
	// Trouble is what is wrong, with Reason and Hint in words; of a camera that is
	// connected, what of it cannot be used.
	Trouble CameraTrouble `json:"trouble,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Hint    string        `json:"hint,omitempty"`
	Retry   time.Time     `json:"retry,omitzero" doc:"When it is tried again; when this has passed, it is being tried"`
}

// CameraState is connecting, connected or retrying.
type CameraState string

// The states.
const (
	CameraConnecting CameraState = "connecting" // for the first time
	CameraConnected  CameraState = "connected"  // its picture or sound comes
	CameraRetrying   CameraState = "retrying"
)

// CameraTrouble names what is wrong with a camera. The pages' catalogues have a
// sentence for each, "camera.TROUBLE".
type CameraTrouble string

// Every trouble.
const (
	CameraUnreachable CameraTrouble = "unreachable" // nobody answers, or not by RTSP
	CameraForbidden   CameraTrouble = "forbidden"   // its address is beyond its Reach
	CameraPassword    CameraTrouble = "password"
	CameraPath        CameraTrouble = "path" // no stream there
	CameraCertificate CameraTrouble = "certificate"
	CameraCodec       CameraTrouble = "codec"
	CameraSilent      CameraTrouble = "silent" // connected, and nothing comes
	CameraSeatTaken   CameraTrouble = "seat_taken"
	CameraGone        CameraTrouble = "gone" // it was connected
)
