package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encode(t testing.TB, ms ...Message) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, m := range ms {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	level, err := Control(Gain, 3, Level{Gain: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	want := []Message{
		{Type: AccessUnit, Kind: 1, Flags: Key | Replay, Source: 65535, PTS: -1 << 62, Payload: []byte{1, 2, 3}},
		{Type: Keyframe},
		level,
		{Type: Logo, Payload: []byte("\x89PNG")},
		{Type: ReturnUnit, Kind: 1, Flags: Key, Source: 7, PTS: 5, Payload: []byte{9}},
		{Type: Packet, Kind: 2, PTS: 1<<63 - 1, Payload: bytes.Repeat([]byte{7}, 3<<20+5)},
	}
	r := NewReader(bytes.NewReader(encode(t, want...)))
	for i, w := range want {
		got, err := r.Read()
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if d := cmp.Diff(w, got); d != "" {
			t.Errorf("message %d: %s", i, d[:min(len(d), 400)])
		}
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("after the last message: %v, want EOF", err)
	}
	var l Level
	if err := level.Unmarshal(&l); err != nil || l.Gain != 0.5 {
		t.Errorf("Unmarshal: %v, %v", l, err)
	}
}

func TestReadRefuses(t *testing.T) {
	good := encode(t, Message{Type: Scene, Payload: []byte("{}")})
	patch := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	for _, c := range []struct {
		name string
		data []byte
		is   error
		says string
	}{
		{"cut header", good[:10], io.ErrUnexpectedEOF, ""},
		{"cut payload", good[:HeaderSize+1], io.ErrUnexpectedEOF, ""},
		{"no payload", good[:HeaderSize], io.ErrUnexpectedEOF, ""},
		{"text on the pipe", []byte("[libx264] using cpu capabilities: MMX2"), ErrFormat, "something else writes"},
		{"unknown type", patch(0, 200), ErrFormat, "different builds"},
		{"too long", patch(8, 1, 0, 0, 1), ErrFormat, "16777217 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(c.data)).Read()
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v with %q", err, c.is, c.says)
			}
		})
	}
}

func TestWriteRefusesLongPayload(t *testing.T) {
	err := NewWriter(io.Discard).Write(Message{Type: AccessUnit, Payload: make([]byte, MaxPayload+1)})
	if !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestUnmarshalSaysWhat(t *testing.T) {
	var s Setup
	err := Message{Type: Configure, Payload: []byte("{")}.Unmarshal(&s)
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "configure") {
		t.Errorf("got %v", err)
	}
}

// FuzzReader: no input panics, and whatever is read is written back the same.
func FuzzReader(f *testing.F) {
	f.Add(encode(f, Message{Type: AccessUnit, Flags: Key, Source: 2, PTS: 33, Payload: []byte{0, 0, 0, 1, 0x65}}))
	f.Add(encode(f, Message{Type: Stop}, Message{Type: Heartbeat, Payload: []byte(`{"frames":1}`)}))
	f.Add(encode(f, Message{Type: Return, Source: 3, Payload: []byte(`{"on":true}`)}, Message{Type: ReturnKeyframe, Source: 3}))
	f.Add(encode(f, Message{Type: ReturnUnit, Kind: 1, Source: 3, PTS: 20e6, Payload: []byte{1}}))
	f.Add([]byte("panic: runtime error"))
	long := encode(f, Message{Type: Packet})
	binary.LittleEndian.PutUint32(long[8:], MaxPayload)
	f.Add(long)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for rest := data; ; {
			m, err := r.Read()
			if err != nil {
				return
			}
			var s Setup
			_ = m.Unmarshal(&s)
			again, err := NewReader(bytes.NewReader(encode(t, m))).Read()
			if err != nil {
				t.Fatalf("%v does not survive: %v", m.Type, err)
			}
			if d := cmp.Diff(m, again); d != "" {
				t.Fatalf("changed on the way: %s", d)
			}
			n := HeaderSize + len(m.Payload)
			if n > len(rest) {
				t.Fatal("read more than there was")
			}
			rest = rest[n:]
		}
	})
}
