// Package sdpfrag reads and writes the trickle ICE fragments of RFC 8840 that
// WHIP and WHEP clients PATCH (application/trickle-ice-sdpfrag).
//
// It guarantees that what it returns is safe to put into an SDP: credentials
// and candidates hold only the characters that RFC 8839 allows, in the length
// it allows, so no line can be smuggled in.
package sdpfrag

import (
	"errors"
	"fmt"
	"strings"
)

// ContentType is the media type of a fragment (RFC 8840 section 9).
const ContentType = "application/trickle-ice-sdpfrag"

// maxCandidates bounds what one fragment may hold; a browser sends about ten.
const maxCandidates = 100

// Fragment is a trickle ICE fragment of a bundled session: one pair of
// credentials and the candidates of all its media sections.
type Fragment struct {
	Ufrag, Pwd string
	Candidates []string // without "a=candidate:"
	End        bool     // a=end-of-candidates
	MID        string   // of the first media section; "0" when there is none
}

// Parse reads a fragment. Lines that it does not know are skipped, as RFC 8840
// section 9.2 asks.
func Parse(body string) (Fragment, error) {
	f := Fragment{MID: "0"}
	sawMID := false
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "a=ice-ufrag":
			if err := f.credential(&f.Ufrag, value, 4); err != nil {
				return Fragment{}, err
			}
		case "a=ice-pwd":
			if err := f.credential(&f.Pwd, value, 22); err != nil {
				return Fragment{}, err
			}
		case "a=candidate":
			if !printable(value) || len(value) > 512 {
				return Fragment{}, errors.New("a candidate holds characters that SDP does not allow")
			}
			if len(f.Candidates) == maxCandidates {
				return Fragment{}, fmt.Errorf("more than %d candidates", maxCandidates)
			}
			f.Candidates = append(f.Candidates, value)
		case "a=end-of-candidates":
			f.End = true
		case "a=mid":
			if !sawMID && token(value) {
				sawMID, f.MID = true, value
			}
		}
	}
	if f.Ufrag == "" || f.Pwd == "" {
		return Fragment{}, errors.New("a=ice-ufrag and a=ice-pwd are missing")
	}
	return f, nil
}

// credential takes one of the two; every section of a bundle has the same.
func (f *Fragment) credential(field *string, value string, shortest int) error {
	if len(value) < shortest || len(value) > 256 || strings.Trim(value, iceChars) != "" {
		return errors.New("a=ice-ufrag or a=ice-pwd is not as RFC 8839 section 5.4 says")
	}
	if *field != "" && *field != value {
		return errors.New("the media sections have different ICE credentials; only bundled sessions are supported")
	}
	*field = value
	return nil
}

const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return s != ""
}

func token(s string) bool {
	return printable(s) && len(s) <= 64 && !strings.ContainsAny(s, " \"(),/:;<=>?@[\\]")
}

// String writes the fragment.
func (f Fragment) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\nm=audio 9 RTP/AVP 0\r\na=mid:%s\r\n", f.Ufrag, f.Pwd, f.MID)
	for _, c := range f.Candidates {
		fmt.Fprintf(&b, "a=candidate:%s\r\n", c)
	}
	if f.End {
		b.WriteString("a=end-of-candidates\r\n")
	}
	return b.String()
}
