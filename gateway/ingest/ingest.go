// Package ingest is where feeds come in. Each protocol below it (rtmp, rtsp,
// whip) does the same four things: it asks the Door for a Publisher with the
// stream key it was given, tells the Publisher its tracks, writes access units
// to it, and closes it with the reason when the connection ends.
//
// It guarantees:
//   - One line is logged when a publisher is admitted or refused and one when it
//     ends, with the cause and what to do; and each is counted.
//   - Write never blocks, so a slow mixer never holds up a network read.
//   - Close may be called any number of times; the first cause counts.
package ingest

import (
	"fmt"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// Protocol names how a publisher came, as a metric label.
type Protocol string

// The ways in.
const (
	RTMP  Protocol = "rtmp"
	RTMPS Protocol = "rtmps"
	RTSP  Protocol = "rtsp"
	RTSPS Protocol = "rtsps"
	WHIP  Protocol = "whip"
	Pull  Protocol = "pull" // we connect to a camera
)

// Offer is what a connection says of itself before it may send.
type Offer struct {
	Protocol Protocol
	Key      show.StreamKey
	Remote   string // address, for the log

	// Person names who sends, where that is known beyond the seat: whoever comes
	// again as the same person takes over at once, such as a page that was reloaded.
	// Seats fill it in; empty is somebody with a stream key.
	Person string
	// Yields gives the seat up at once to whoever comes: a test card does. Seats fill
	// it in.
	Yields bool

	// RequestKeyframe asks the peer for a keyframe; nil where the protocol
	// cannot. It must not block.
	RequestKeyframe func()
	// Disconnect ends the connection from our side; the reason goes to the log.
	// It must not block and may be called more than once.
	Disconnect func(reason error)

	// Silent says how long the publisher has sent no media, from any goroutine.
	// The Door fills it in; Seats ask it when a second encoder comes with a key.
	Silent func() time.Duration
}

// Seat is a participant's place, held for one publisher.
type Seat struct {
	Session     show.SessionID
	Participant show.ParticipantID
	Role        show.Role
	Sink        Sink
}

// Sink takes what one publisher sends. Its methods are called from one
// goroutine at a time and never block.
type Sink interface {
	// SetTracks says what follows: at most one video and one audio track. It may
	// come again when a publisher changes its coding in mid-stream.
	SetTracks(tracks []media.Track)
	Write(au media.AccessUnit)
	// Close frees the seat: the participant's grace time begins.
	Close(cause error)
}

// Seats finds the seat that a stream key opens. The errors are Refusals. When the
// key was right but the seat cannot be had, the Seat beside the error says whose it
// is: the people of that session are told, and only they.
type Seats interface {
	Claim(Offer) (Seat, error)
}

// Outcome says how an attempt to publish ended, as a metric label.
type Outcome string

// Why a publisher is admitted or not.
const (
	Accepted         Outcome = "accepted"
	BadKey           Outcome = "bad_key"
	SeatTaken        Outcome = "seat_taken"
	UnsupportedCodec Outcome = "unsupported_codec"
	NoMedia          Outcome = "no_media"     // connected, sent nothing
	BadRequest       Outcome = "bad_request"  // not the protocol we speak
	Unavailable      Outcome = "unavailable"  // we are stopping, or at our limit
	RateLimited      Outcome = "rate_limited" // too many wrong keys from one address
)

// Refusal is why a publisher may not send, in words for its operator.
type Refusal struct {
	Outcome Outcome
	Reason  string // what was wrong
	Hint    string // what to do about it
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s; %s", r.Reason, r.Hint) }
