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
	Kinds  []media.Kind // of the media sections, in their order
	Config []byte       // H.264 parameter sets out of band, Annex B form; mostly empty
}

const maxSections = 8

// ReadOffer parses an offer and holds it against RFC 9725 section 4.4 (a
// publisher's single stream) or its mirror image for a viewer. Candidates and
// simulcast are taken out: we need no candidates (see the package's doc), and
// without simulcast in the answer a browser sends one picture.
func ReadOffer(body string, side Side) (*Offer, error) {
	o := &Offer{desc: &sdp.SessionDescription{}}
	if err := o.desc.UnmarshalString(body); err != nil {
		return nil, &OfferError{Malformed: true, Reason: "the offer is not SDP: " + oneLine(err), Hint: "send the browser's offer as it is"}
	}
	if len(o.desc.MediaDescriptions) == 0 || len(o.desc.MediaDescriptions) > maxSections {
		return nil, &OfferError{Malformed: true, Reason: "the offer has no media section, or too many", Hint: "offer one video and one audio track"}
	}
	if _, lite := o.desc.Attribute("ice-lite"); lite {
		return nil, &OfferError{Reason: "the offer is ICE-lite, and so are we", Hint: "use a client with full ICE"}
	}
	for _, m := range o.desc.MediaDescriptions {
		if err := o.section(m, side); err != nil {
			return nil, err
		}
	}
	return o, nil
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
		return nil
	default:
		return &OfferError{Reason: fmt.Sprintf("the offer has a section of kind %.20q", m.MediaName.Media), Hint: "offer one video and one audio track"}
	}
	if slices.Contains(o.Kinds, kind) {
		return &OfferError{Reason: fmt.Sprintf("the offer has more than one %s section", kind), Hint: "offer one video and one audio track"}
	}
	o.Kinds = append(o.Kinds, kind)
	if err := direction(o.desc, m, side); err != nil {
		return err
	}
	if kind == media.Video {
		o.Config = spropParameterSets(m)
	}
	return nil
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
	case side == Viewer && (has("sendonly") || has("inactive")):
		return &OfferError{Reason: "the offer does not receive", Hint: "to publish, POST to /whip instead"}
	}
	return nil
}

// codecs lists what a section offers, for a refusal.
func (o *Offer) codecs() string {
	var names []string
	for _, m := range o.desc.MediaDescriptions {
		for _, a := range m.Attributes {
			if a.Key != "rtpmap" {
				continue
			}
			_, codec, _ := strings.Cut(a.Value, " ")
			name, _, _ := strings.Cut(codec, "/")
			if !slices.Contains(names, name) && len(names) < 20 {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}

func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Sprintf("%.120q", text)
}
