// Package wire is what the gateway and its worker say to each other over the
// worker's standard input and output.
//
// A message is a header of 24 bytes in little endian and a payload:
//
//	 0  type     uint8
//	 1  kind     uint8   media.Kind of an access or return unit, transcode.Track of a packet
//	 2  flags    uint8   Key, Replay, Last
//	 3  zero     uint8
//	 4  source   uint16  index that the gateway gave to the source; the rung of a packet
//	 6  zero     uint16
//	 8  length   uint32  of the payload, at most MaxPayload
//	12  pts      int64   nanoseconds, or in the track's clock for a packet
//	20  magic    uint32
//
// The payload of a control message is JSON; that of media is the coded bytes.
// The first message in each direction carries Version, so that two builds that
// do not fit say so instead of misreading each other.
//
// It guarantees:
//   - Reader allocates no more than MaxPayload for one message and reads a long
//     payload in steps, so a lying length costs memory only for bytes that came.
//   - A message never shares memory with the one before: payloads may be kept.
//   - Reader and Writer belong to one goroutine each; the pipe keeps the order.
package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Version changes with every change of a message's meaning.
const Version = 3

// HeaderSize is the length of a header in bytes.
const HeaderSize = 24

// MaxPayload bounds a message. The largest real one is a keyframe of a 1440p
// source, well under 2 MiB.
const MaxPayload = 16 << 20

// magic ends every header ("RGWK"). A reader that has lost its place, or that
// is fed by something that prints to standard output, fails at the next header.
const magic = 0x4b574752

// Type says what a message is.
type Type uint8

// From the gateway to the worker.
const (
	Configure      Type = 1 + iota // Setup; the first message
	Source                         // transcode.Source, new or changed
	RemoveSource                   // no payload
	Tracks                         // []media.Track; empty: the publisher is gone
	AccessUnit                     // media
	Scene                          // transcode.Scene, its logo without the picture
	Gain                           // Level
	Keyframe                       // no payload
	Stop                           // no payload
	Logo                           // the logo's picture, a PNG file; empty: none
	Return                         // Switch: whether the source is coded anew
	ReturnKeyframe                 // no payload
)

// From the worker to the gateway.
const (
	Ready        Type = 73 + iota // Hello; the first message
	Packet                        // media
	NeedKeyframe                  // no payload
	Heartbeat                     // transcode.Stats
	ReturnUnit                    // media: of a source, coded anew; program time
)

var names = map[Type]string{
	Configure: "configure", Source: "source", RemoveSource: "remove source", Tracks: "tracks",
	AccessUnit: "access unit", Scene: "scene", Gain: "gain", Keyframe: "keyframe", Stop: "stop",
	Logo: "logo", Return: "return", ReturnKeyframe: "return keyframe",
	Ready: "ready", Packet: "packet", NeedKeyframe: "need keyframe", Heartbeat: "heartbeat", ReturnUnit: "return unit",
}

func (t Type) String() string {
	if n, ok := names[t]; ok {
		return n
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Flags of a message.
const (
	Key    uint8 = 1 << iota // decoding can start here
	Replay                   // seen before by a worker that died: decode, show only the newest
	Last                     // of its source's Replay units
)

// Message is one of them.
type Message struct {
	Type    Type
	Kind    uint8
	Flags   uint8
	Source  uint16
	PTS     int64
	Payload []byte
}

// Setup is the payload of Configure.
type Setup struct {
	Version int             `json:"version"`
	Program json.RawMessage `json:"program"` // transcode.Program

	// Epoch is program time 0 on CLOCK_MONOTONIC, in nanoseconds. That clock is
	// the same in both processes and does not step.
	Epoch int64 `json:"epoch"`

	// Where the program goes on: the first video frame (its index) and audio
	// packets (their PTS) that no worker has sent yet.
	VideoNext int64 `json:"video_next"`
	AACNext   int64 `json:"aac_next"`
	OpusNext  int64 `json:"opus_next"`

	// Replays is how many sources' last pictures follow as Replay units. The
	// worker waits for them, within reason, before its first frame.
	Replays int `json:"replays"`
}

// Hello is the payload of Ready.
type Hello struct {
	Version int `json:"version"`
	PID     int `json:"pid"`
}

// Level is the payload of Gain.
type Level struct {
	Gain float64 `json:"gain"`
}

// Switch is the payload of Return.
type Switch struct {
	On bool `json:"on"`
}

// ErrFormat is wrapped by every error about bytes that are no message.
var ErrFormat = errors.New("wire: not a message")

// Reader takes messages apart.
type Reader struct {
	r      *bufio.Reader
	header [HeaderSize]byte
}

// NewReader reads messages from r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Read returns the next message. The error is io.EOF only between messages; in
// the middle of one it is io.ErrUnexpectedEOF.
func (r *Reader) Read() (Message, error) {
	if _, err := io.ReadFull(r.r, r.header[:]); err != nil {
		return Message{}, err
	}
	m, n, err := parseHeader(&r.header)
	if err != nil || n == 0 {
		return m, err
	}
	m.Payload, err = readPayload(r.r, n)
	return m, err
}

func parseHeader(h *[HeaderSize]byte) (Message, int, error) {
	m := Message{
		Type:   Type(h[0]),
		Kind:   h[1],
		Flags:  h[2],
		Source: binary.LittleEndian.Uint16(h[4:]),
		PTS:    int64(binary.LittleEndian.Uint64(h[12:])),
	}
	n := binary.LittleEndian.Uint32(h[8:])
	switch {
	case binary.LittleEndian.Uint32(h[20:]) != magic:
		return m, 0, fmt.Errorf("%w: the header % x does not end in the magic number; something else writes to this pipe, or the versions differ", ErrFormat, h[:])
	case names[m.Type] == "":
		return m, 0, fmt.Errorf("%w: unknown %v; gateway and worker are different builds", ErrFormat, m.Type)
	case n > MaxPayload:
		return m, 0, fmt.Errorf("%w: a payload of %d bytes announced for %v, more than the limit of %d", ErrFormat, n, m.Type, MaxPayload)
	}
	return m, int(n), nil
}

// readPayload grows the buffer as bytes arrive.
func readPayload(r io.Reader, n int) ([]byte, error) {
	const step = 1 << 20
	b := make([]byte, min(n, step))
	for got := 0; ; {
		if _, err := io.ReadFull(r, b[got:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if got = len(b); got == n {
			return b, nil
		}
		b = slices.Grow(b, min(n-got, step))[:got+min(n-got, step)]
	}
}

// Unmarshal decodes a control message's payload into v.
func (m Message) Unmarshal(v any) error {
	if err := json.Unmarshal(m.Payload, v); err != nil {
		return fmt.Errorf("%w: payload of %v: %w", ErrFormat, m.Type, err)
	}
	return nil
}

// Control makes a message with a JSON payload; v nil means none.
func Control(t Type, source uint16, v any) (Message, error) {
	m := Message{Type: t, Source: source}
	if v == nil {
		return m, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return m, fmt.Errorf("wire: payload of %v: %w", t, err)
	}
	m.Payload = b
	return m, nil
}

// Writer puts messages together. Nothing is sent before Flush.
type Writer struct {
	w      *bufio.Writer
	header [HeaderSize]byte
}

// NewWriter writes messages to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Write queues m.
func (w *Writer) Write(m Message) error {
	if len(m.Payload) > MaxPayload {
		return fmt.Errorf("%w: a payload of %d bytes for %v, more than the limit of %d", ErrFormat, len(m.Payload), m.Type, MaxPayload)
	}
	h := &w.header
	*h = [HeaderSize]byte{byte(m.Type), m.Kind, m.Flags}
	binary.LittleEndian.PutUint16(h[4:], m.Source)
	binary.LittleEndian.PutUint32(h[8:], uint32(len(m.Payload)))
	binary.LittleEndian.PutUint64(h[12:], uint64(m.PTS))
	binary.LittleEndian.PutUint32(h[20:], magic)
	if _, err := w.w.Write(h[:]); err != nil {
		return err
	}
	_, err := w.w.Write(m.Payload)
	return err
}

// Flush sends what is queued.
func (w *Writer) Flush() error { return w.w.Flush() }
