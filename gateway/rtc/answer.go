package rtc

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/regie-live/regie/transcode/media"
)

// Answer is ours to an Offer.
type Answer struct {
	SDP    string
	Codecs []media.Codec // one per section, the most likely; the sender may choose another of the SDP
}

// finish makes pion's answer the one we send: our candidates in place of pion's,
// in the first section only, since all are bundled; and for a publisher the
// codec that others can get as it comes, and the bitrate to start with.
func (n *Net) finish(answer string, side Side) (Answer, error) {
	var d sdp.SessionDescription
	var a Answer
	if err := d.UnmarshalString(answer); err != nil {
		return a, fmt.Errorf("pion's answer: %w", err)
	}
	for i, m := range d.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			return a.Key == "candidate" || a.Key == "end-of-candidates"
		})
		if i == 0 {
			for _, c := range n.candidates() {
				m.WithValueAttribute("candidate", c)
			}
			m.WithPropertyAttribute("end-of-candidates")
		}
		if side == Publisher && m.MediaName.Media == "video" {
			preferForwardable(m)
			startBitrate(m, n.config.StartKbps)
		}
		if c := preferred(m); c != "" {
			a.Codecs = append(a.Codecs, c)
		}
	}
	b, err := d.Marshal()
	a.SDP = string(b)
	return a, err
}

// complete fails when a section of pion's answer is rejected: a session that
// works by half misleads its owner (RFC 9725 section 4.4.3).
func complete(answer string, side Side) error {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(answer); err != nil {
		return fmt.Errorf("pion's answer: %w", err)
	}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Port.Value == 0 && m.MediaName.Media != "application" {
			return &OfferError{Reason: fmt.Sprintf("the offer's %s cannot be used", m.MediaName.Media), Hint: wanted(side)}
		}
	}
	return nil
}

// preferred is the codec that a section's sender uses if it has no reason to use
// another: the first of its formats.
func preferred(m *sdp.MediaDescription) media.Codec {
	if len(m.MediaName.Formats) == 0 {
		return ""
	}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		if pt, codec, ok := strings.Cut(a.Value, " "); ok && pt == m.MediaName.Formats[0] {
			name, _, _ := strings.Cut(codec, "/")
			return media.Codec(strings.ToLower(name))
		}
	}
	return ""
}

// preferForwardable puts H.264 first, which return feeds pass on as it is: Constrained
// Baseline, then Baseline, with packetization-mode 1, then the rest. A sender takes
// the first that it can do; browsers would have VP8, which also costs them more.
func preferForwardable(m *sdp.MediaDescription) {
	rank := map[string]int{}
	for _, a := range m.Attributes {
		pt, params, _ := strings.Cut(strings.ToLower(a.Value), " ")
		switch {
		case a.Key == "rtpmap" && strings.HasPrefix(params, "h264/"):
			rank[pt] = max(rank[pt], 1)
		case a.Key == "fmtp" && strings.Contains(params, "packetization-mode=1"):
			rank[pt] = 2
			if strings.Contains(params, "profile-level-id=42e0") {
				rank[pt] = 4
			} else if strings.Contains(params, "profile-level-id=42") {
				rank[pt] = 3
			}
		}
	}
	slices.SortStableFunc(m.MediaName.Formats, func(a, b string) int { return rank[b] - rank[a] })
}

// startBitrate adds x-google-start-bitrate to the format of every video codec.
func startBitrate(m *sdp.MediaDescription, kbps int) {
	param := fmt.Sprintf("x-google-start-bitrate=%d", kbps)
	var codecs, formatted []string
	for _, a := range m.Attributes {
		if pt, codec, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" {
			switch name, _, _ := strings.Cut(strings.ToLower(codec), "/"); name {
			case "h264", "h265", "vp8", "vp9", "av1":
				codecs = append(codecs, pt)
			}
		}
	}
	for i, a := range m.Attributes {
		if pt, _, _ := strings.Cut(a.Value, " "); a.Key == "fmtp" && slices.Contains(codecs, pt) {
			m.Attributes[i].Value += ";" + param
			formatted = append(formatted, pt)
		}
	}
	for _, pt := range codecs {
		if !slices.Contains(formatted, pt) {
			m.WithValueAttribute("fmtp", pt+" "+param)
		}
	}
}

// spropParameterSets reads H.264 parameter sets that are sent in the SDP
// (RFC 6184 section 8.1). Browsers send them in-band; some encoders do not.
func spropParameterSets(m *sdp.MediaDescription) []byte {
	for _, a := range m.Attributes {
		if a.Key != "fmtp" {
			continue
		}
		_, params, _ := strings.Cut(a.Value, " ")
		for p := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			if !strings.EqualFold(name, "sprop-parameter-sets") {
				continue
			}
			var out []byte
			for set := range strings.SplitSeq(value, ",") {
				nalu, err := base64.StdEncoding.DecodeString(set)
				if err != nil || len(nalu) == 0 || len(nalu) > 1024 {
					return nil
				}
				out = append(append(out, 0, 0, 0, 1), nalu...)
			}
			return out
		}
	}
	return nil
}
