package viewers

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// slack is what a page may claim beyond the time since its first beacon: it
	// played a moment before.
	slack = 2 * time.Second
	// Longest and largest that is believed; what is more is cut.
	maxStartup = 2 * time.Minute
	maxLatency = 10 * time.Minute
	maxBytes   = 64 << 20 // between two beacons: 50 Mbit/s
)

type delivery int

const (
	llhls delivery = iota
	whep
)

var deliveries = [...]string{llhls: "llhls", whep: "whep"}

func (d delivery) String() string { return deliveries[d] }

type event string

const (
	eventTime  event = "t"  // every ten seconds
	eventState event = "ps" // play state changed: the first picture is there
	eventError event = "e"
	eventEnd   event = "end" // the page goes, or plays another way
)

var events = []event{eventTime, eventState, eventError, eventEnd}

// failures are the error codes that may be a label; all else is otherFailure.
var failures = []string{"network", "decode", "refused"}

const otherFailure = "other"

// beacon is what a page said, checked and cut to size.
type beacon struct {
	id        string
	session   show.SessionID
	event     event
	delivery  delivery
	rendition string
	startup   time.Duration // 0: not told
	latency   time.Duration // 0: not told
	stalled   time.Duration // since the last beacon
	watched   time.Duration // since the last beacon
	bytes     int64         // since the last beacon
	failure   string        // of eventError
}

// wire is a beacon as it is sent. Names that it lacks are ignored: CMCD has more
// than we use. Numbers are float64, so that 12.5 ms is no error.
type wire struct {
	SID       string    `json:"sid"`
	CID       string    `json:"cid"`
	Event     event     `json:"e"`
	Startup   float64   `json:"msd"`
	Latency   float64   `json:"ltc"`
	Stalled   float64   `json:"bsd"`
	Codes     errorCode `json:"ec"`
	Delivery  string    `json:"com.regie-delivery"`
	Rendition string    `json:"com.regie-rendition"`
	Bytes     float64   `json:"com.regie-bytes"`
	Watched   float64   `json:"com.regie-watched"`
}

// errorCode is one word, or a list of which the first counts.
type errorCode string

func (c *errorCode) UnmarshalJSON(b []byte) error {
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return json.Unmarshal(b, (*string)(c))
	}
	if len(list) > 0 {
		*c = errorCode(list[0])
	}
	return nil
}

var (
	validSID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)
	validCID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
)

// parse reads a beacon. The error says what is wrong in words for its sender.
func parse(body []byte) (beacon, error) {
	var w wire
	if err := json.Unmarshal(body, &w); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
			return beacon{}, fmt.Errorf("%s cannot be a %.40s", wrong.Field, wrong.Value)
		}
		return beacon{}, errors.New("the body is not one JSON object")
	}
	d := slices.Index(deliveries[:], w.Delivery)
	switch {
	case !validSID.MatchString(w.SID):
		return beacon{}, errors.New("sid must be 8 to 64 letters, digits and dashes")
	case !validCID.MatchString(w.CID):
		return beacon{}, errors.New("cid must be the id of a session")
	case !slices.Contains(events, w.Event):
		return beacon{}, errors.New(`e must be "t", "ps", "e" or "end"`)
	case d < 0:
		return beacon{}, errors.New(`com.regie-delivery must be "llhls" or "whep"`)
	}
	for name, n := range map[string]float64{"msd": w.Startup, "ltc": w.Latency, "bsd": w.Stalled, "com.regie-bytes": w.Bytes, "com.regie-watched": w.Watched} {
		if n < 0 {
			return beacon{}, fmt.Errorf("%s cannot be less than 0", name)
		}
	}
	b := beacon{
		id: w.SID, session: show.SessionID(w.CID), event: w.Event, delivery: delivery(d), rendition: w.Rendition,
		startup: ms(w.Startup, maxStartup), latency: ms(w.Latency, maxLatency),
		stalled: ms(w.Stalled, time.Hour), watched: ms(w.Watched, time.Hour), // a page's credit cuts these further
		bytes:   int64(min(w.Bytes, maxBytes)),
		failure: otherFailure,
	}
	if slices.Contains(failures, string(w.Codes)) {
		b.failure = string(w.Codes)
	}
	return b, nil
}

func ms(n float64, most time.Duration) time.Duration {
	return time.Duration(math.Min(n*float64(time.Millisecond), float64(most)))
}
