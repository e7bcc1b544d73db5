package rtmp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Message types (RTMP 1.0 sections 5.4 and 7.1).
const (
	typeSetChunkSize  = 1
	typeAbort         = 2
	typeUserControl   = 4
	typeWindowAckSize = 5
	typeAudio         = 8
	typeVideo         = 9
	typeDataAMF3      = 15
	typeCommandAMF3   = 17
	typeDataAMF0      = 18
	typeCommandAMF0   = 20
)

// Bounds on what a peer can make us hold.
const (
	maxControl = 64 << 10         // any message but audio and video
	maxMedia   = 8 << 20          // an access unit: 8 MiB is a keyframe at 250 Mbit/s, 4 to a second
	maxPending = maxMedia + 1<<20 // unfinished messages together; 2*maxControl before the key
	maxStreams = 64
	firstAlloc = 256 << 10
)

// rawMessage is a whole message. Its body belongs to whoever reads it.
type rawMessage struct {
	typ  uint8
	time uint32 // ms, wraps
	body []byte
}

// chunkReader puts messages together from chunks (RTMP 1.0 section 5.3). It
// obeys the peer's Set Chunk Size and Abort messages itself.
type chunkReader struct {
	br        *bufio.Reader
	chunkSize int
	streams   map[uint32]*chunkStream
	pending   int  // announced bytes of unfinished messages
	media     bool // audio and video may come: the key is accepted
}

// chunkStream is the state of one chunk stream: the last header, because later
// headers leave out what stays the same, and the unfinished message.
type chunkStream struct {
	time, delta uint32
	extended    bool
	length      int
	typ         uint8
	known       bool
	open        bool // a message is unfinished
	body        []byte
}

func newChunkReader(r io.Reader) *chunkReader {
	return &chunkReader{br: bufio.NewReader(r), chunkSize: 128, streams: map[uint32]*chunkStream{}}
}

// read returns the next message that is not the chunk layer's own.
func (r *chunkReader) read() (rawMessage, error) {
	for {
		m, done, err := r.chunk()
		if err != nil {
			return rawMessage{}, err
		}
		if !done {
			continue
		}
		switch m.typ {
		case typeSetChunkSize:
			if err := r.setChunkSize(m.body); err != nil {
				return rawMessage{}, err
			}
		case typeAbort:
			r.abort(m.body)
		default:
			return m, nil
		}
	}
}

func (r *chunkReader) setChunkSize(body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("a Set Chunk Size message of %d bytes", len(body))
	}
	size := binary.BigEndian.Uint32(body)
	if size == 0 || size > 1<<31-1 {
		return fmt.Errorf("a chunk size of %d", size)
	}
	r.chunkSize = int(min(size, 1<<24-1)) // no message is longer
	return nil
}

func (r *chunkReader) abort(body []byte) {
	if len(body) < 4 {
		return
	}
	if s := r.streams[binary.BigEndian.Uint32(body)]; s != nil && s.open {
		r.pending -= s.length
		s.open, s.body = false, nil
	}
}

// chunk reads one chunk; done says that it ended a message.
func (r *chunkReader) chunk() (m rawMessage, done bool, err error) {
	format, id, err := r.basicHeader()
	if err != nil {
		return m, false, err
	}
	s := r.streams[id]
	if s == nil {
		if len(r.streams) == maxStreams {
			return m, false, fmt.Errorf("more than %d chunk streams", maxStreams)
		}
		s = &chunkStream{}
		r.streams[id] = s
	}
	if format < 3 && s.open {
		return m, false, fmt.Errorf("a new message inside another one of chunk stream %d", id)
	}
	if format > 0 && !s.known {
		return m, false, fmt.Errorf("chunk stream %d begins without a full header", id)
	}
	if err := r.messageHeader(s, format); err != nil {
		return m, false, err
	}
	if !s.open {
		if err := r.open(s, format); err != nil {
			return m, false, err
		}
	}
	if err := r.payload(s); err != nil {
		return m, false, err
	}
	if len(s.body) < s.length {
		return m, false, nil
	}
	m = rawMessage{typ: s.typ, time: s.time, body: s.body}
	r.pending -= s.length
	s.open, s.body = false, nil
	return m, true, nil
}

// basicHeader reads section 5.3.1.1.
func (r *chunkReader) basicHeader() (format byte, id uint32, err error) {
	b, err := r.br.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	format, id = b>>6, uint32(b&0x3f)
	if id > 1 {
		return format, id, nil
	}
	var more [2]byte
	n := int(id) + 1
	if _, err := io.ReadFull(r.br, more[:n]); err != nil {
		return 0, 0, noEOF(err)
	}
	return format, 64 + uint32(more[0]) + uint32(more[1])<<8, nil
}

// messageHeader reads sections 5.3.1.2 and 5.3.1.3.
func (r *chunkReader) messageHeader(s *chunkStream, format byte) error {
	if format == 3 {
		if s.extended {
			return r.repeatedTime(s)
		}
		return nil
	}
	var h [11]byte
	n := [3]int{11, 7, 3}[format]
	if _, err := io.ReadFull(r.br, h[:n]); err != nil {
		return noEOF(err)
	}
	s.delta = uint24(h[0:])
	if format < 2 {
		s.length, s.typ = int(uint24(h[3:])), h[6]
	}
	s.extended = s.delta == 0xffffff
	if s.extended {
		if _, err := io.ReadFull(r.br, h[:4]); err != nil {
			return noEOF(err)
		}
		s.delta = binary.BigEndian.Uint32(h[:])
	}
	s.known = true
	return nil
}

// repeatedTime skips the extended timestamp that a type 3 chunk repeats. Some
// encoders leave it out, so it is only skipped if it is the one expected; or 0,
// which others write, and which coded pictures do not contain.
func (r *chunkReader) repeatedTime(s *chunkStream) error {
	next, err := r.br.Peek(4)
	if err != nil {
		return noEOF(err)
	}
	if v := binary.BigEndian.Uint32(next); v == s.delta || v == 0 {
		_, err = r.br.Discard(4)
	}
	return err
}

// open begins a message. After a type 0 chunk, delta holds the time itself,
// and a type 3 chunk that begins a message adds it again (section 5.3.1.2.4).
func (r *chunkReader) open(s *chunkStream, format byte) error {
	if format == 0 {
		s.time = s.delta
	} else {
		s.time += s.delta
	}
	limit, pending := maxControl, 2*maxControl
	if r.media {
		pending = maxPending
		if s.typ == typeAudio || s.typ == typeVideo {
			limit = maxMedia
		}
	}
	if s.length > limit {
		return fmt.Errorf("a message of %d bytes, at most %d are taken", s.length, limit)
	}
	if r.pending+s.length > pending {
		return fmt.Errorf("unfinished messages of more than %d bytes", pending)
	}
	r.pending += s.length
	s.open = true
	s.body = make([]byte, 0, min(s.length, firstAlloc))
	return nil
}

// payload reads what this chunk holds of the message. A big body grows as it
// arrives, so that announcing one costs the peer its bytes.
func (r *chunkReader) payload(s *chunkStream) error {
	left := min(s.length-len(s.body), r.chunkSize)
	for left > 0 {
		if len(s.body) == cap(s.body) {
			grown := make([]byte, len(s.body), min(2*cap(s.body), s.length))
			copy(grown, s.body)
			s.body = grown
		}
		n := min(left, cap(s.body)-len(s.body))
		end := len(s.body) + n
		if _, err := io.ReadFull(r.br, s.body[len(s.body):end]); err != nil {
			return noEOF(err)
		}
		s.body = s.body[:end]
		left -= n
	}
	return nil
}

// noEOF keeps a connection that broke inside a chunk apart from one that ended.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}
