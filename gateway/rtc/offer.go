package rtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/regie-live/regie/transcode/media"
)

// An OfferError says why an offer cannot be answered. Malformed tells an SDP
// that is none from one that asks for what we do not do.
type OfferError struct {
	Malformed bool
	Reason    string
	Hint      string
	Codecs    string // what was offered, when no codec fits
}

func (e *OfferError) Error() string { return e.Reason + "; " + e.Hint }

// Offer is a peer's offer that passed the rules of its side.
type Offer struct {
	desc   *sdp.SessionDescription
	data   bool         // it has a data channel
	blind  bool         // no codec for pictures is one that we send
	Kinds  []media.Kind // of the media sections, in their order
	Config []byte       // H.264 parameter sets out of band, Annex B form; mostly empty
}

// maxSections bounds an offer, of all but a participant: a return feed has fourteen.
const (
	maxSections       = 8
	maxReturnSections = 16
)

// ReadOffer parses an offer and holds it against RFC 9725 section 4.4 (a
// publisher's single stream) or its mirror image for a viewer. A participant may
// offer any number of sections, which whoever answers counts, and be without H.264
// (Firefox, until it has fetched it): whoever sees nobody can still talk and listen.
// Candidates and simulcast are taken out: we need no candidates (see the package's doc), and
// without simulcast in the answer a browser sends one picture.
func ReadOffer(body string, side Side) (*Offer, error) {
	o := &Offer{desc: &sdp.SessionDescription{}}
	if err := o.desc.UnmarshalString(body); err != nil {
		return nil, &OfferError{Malformed: true, Reason: "the offer is not SDP: " + oneLine(err), Hint: "send the browser's offer as it is"}
	}
	most := maxSections
	if side == Participant {
		most = maxReturnSections
	}
	if len(o.desc.MediaDescriptions) == 0 || len(o.desc.MediaDescriptions) > most {
		return nil, &OfferError{Malformed: true, Reason: "the offer has no media section, or too many", Hint: "offer one video and one audio track"}
	}
	if _, lite := o.desc.Attribute("ice-lite"); lite {
		return nil, &OfferError{Reason: "the offer is ICE-lite, and so are we", Hint: "use a client with full ICE"}
	}
	for _, m := range o.desc.MediaDescriptions {
		if err := o.section(m, side); err != nil {
			return nil, err
		}
		if side != Publisher {
			beServer(m.Attributes)
		}
	}
	if side != Publisher {
		beServer(o.desc.Attributes)
	}
	return o, nil
}

// beServer leaves it to the peer to begin DTLS if it does not mind. The server
// chooses the cipher: we take AES-GCM, Chromium AES-CM with a hash, at twice the
// cost.
func beServer(attributes []sdp.Attribute) {
	for i, a := range attributes {
		if a.Key == "setup" && a.Value == "actpass" {
			attributes[i].Value = "active"
		}
	}
}

func (o *Offer) section(m *sdp.MediaDescription, side Side) error {
	if mid, ok := m.Attribute("mid"); !ok || mid == "" {
		return &OfferError{Malformed: true, Reason: "a media section has no a=mid", Hint: "send the browser's offer as it is"}
	}
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		switch a.Key {
		case "candidate", "end-of-candidates", "rid", "simulcast":
			return true
		}
		return false
	})
	var kind media.Kind
	switch m.MediaName.Media {
	case "video":
		kind = media.Video
	case "audio":
		kind = media.Audio
	case "application":
		if side == Publisher {
			return &OfferError{Reason: "the offer has a data channel", Hint: "offer one video and one audio track only"}
		}
		if o.data {
			return &OfferError{Reason: "the offer has more than one data section", Hint: "open all channels on one connection"}
		}
		o.data = true
		return nil
	default:
		return &OfferError{Reason: fmt.Sprintf("the offer has a section of kind %.20q", m.MediaName.Media), Hint: "offer one video and one audio track"}
	}
	if side != Participant && slices.Contains(o.Kinds, kind) {
		return &OfferError{Reason: fmt.Sprintf("the offer has more than one %s section", kind), Hint: "offer one video and one audio track"}
	}
	o.Kinds = append(o.Kinds, kind)
	if err := direction(o.desc, m, side); err != nil {
		return err
	}
	names := codecs(m)
	ours := slices.ContainsFunc(names, func(name string) bool { return usable(side, kind, name) })
	if side != Publisher && kind == media.Video && singleUnits(m) {
		ours = false
	}
	if !ours && side == Participant && kind == media.Video && slices.Contains(names, "VP8") {
		o.blind, ours = true, true
	}
	if !ours {
		return &OfferError{
			Reason: fmt.Sprintf("no %s codec of the offer can be used", kind),
			Hint:   wanted(side),
			Codecs: strings.Join(names, ", "),
		}
	}
	if kind == media.Video {
		o.Config = spropParameterSets(m)
		if _, declared := m.Attribute("ssrc"); !declared {
			withoutRTX(m)
		}
	}
	return nil
}

// withoutRTX takes retransmission streams (RFC 4588) out of a section that does
// not say which SSRC is what: pion would take one for a second picture. Repairs
// then come in the stream itself.
func withoutRTX(m *sdp.MediaDescription) {
	var gone []string
	for _, a := range m.Attributes {
		if pt, codec, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" && strings.HasPrefix(strings.ToLower(codec), "rtx/") {
			gone = append(gone, pt)
		}
	}
	m.MediaName.Formats = slices.DeleteFunc(m.MediaName.Formats, func(pt string) bool { return slices.Contains(gone, pt) })
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		pt, _, _ := strings.Cut(a.Value, " ")
		return (a.Key == "rtpmap" || a.Key == "fmtp" || a.Key == "rtcp-fb") && slices.Contains(gone, pt)
	})
}

// direction refuses a viewer at the publishers' door, and the other way round.
func direction(d *sdp.SessionDescription, m *sdp.MediaDescription, side Side) error {
	has := func(name string) bool {
		if _, ok := m.Attribute(name); ok {
			return true
		}
		_, ok := d.Attribute(name)
		return ok
	}
	switch {
	case side == Publisher && (has("recvonly") || has("inactive")):
		return &OfferError{Reason: "the offer does not send", Hint: "to watch, POST to /live/SESSION/whep instead"}
	case side != Publisher && (has("sendonly") || has("inactive")):
		return &OfferError{Reason: "the offer does not receive", Hint: "to publish, POST to /whip instead"}
	}
	return nil
}

// usable says which codecs we take from and give to peers.
func usable(side Side, kind media.Kind, name string) bool {
	switch c := media.Codec(strings.ToLower(name)); {
	case kind == media.Audio:
		return c == media.Opus
	case side != Publisher:
		return c == media.H264
	default:
		return c.Known() && c.Kind() == media.Video
	}
}

func wanted(side Side) string {
	if side != Publisher {
		return "a viewer needs H.264 with packetization-mode=1, and Opus"
	}
	return "set the encoder to H.264, VP8, VP9, AV1 or H.265, and Opus"
}

// codecs lists the names of what a section offers, once each.
func codecs(m *sdp.MediaDescription) (names []string) {
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" || len(names) == 20 {
			continue
		}
		_, codec, _ := strings.Cut(a.Value, " ")
		name, _, _ := strings.Cut(codec, "/")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// singleUnits says that a section's H.264 comes in one packet per NAL unit only
// (packetization-mode 0), into which pictures do not fit.
func singleUnits(m *sdp.MediaDescription) bool {
	return !slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "fmtp" && strings.Contains(a.Value, "packetization-mode=1")
	})
}

func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Sprintf("%.120q", text)
}
