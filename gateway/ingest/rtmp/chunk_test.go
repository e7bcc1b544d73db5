package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"
)

// TestChunksOfAnotherWriter reads what gortmplib writes.
func TestChunksOfAnotherWriter(t *testing.T) {
	type message struct {
		stream byte
		typ    uint8
		time   uint32
		size   int
	}
	messages := []message{
		{3, typeCommandAMF0, 0, 10}, {4, typeAudio, 0, 5}, {6, typeVideo, 0, 1000}, {4, typeAudio, 20, 5},
		{6, typeVideo, 40, 128}, {6, typeVideo, 80, 128}, {6, typeVideo, 120, 129}, {4, typeAudio, 19, 4096},
		{6, typeVideo, 0xfffffe, 300}, {6, typeVideo, 0xffffff, 300}, {6, typeVideo, 0x1000010, 300},
		{6, typeVideo, 0x1000010 + 0x2000000, 5000}, {4, typeAudio, 0, 0},
	}
	for _, size := range []uint32{1, 128, 4096, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			var wire bytes.Buffer
			w := rawmessage.NewWriter(&wire, bytecounter.NewWriter(&wire), false)
			if err := w.Write(&rawmessage.Message{ChunkStreamID: 2, Type: typeSetChunkSize,
				Body: binary.BigEndian.AppendUint32(nil, size)}); err != nil {
				t.Fatal(err)
			}
			w.SetChunkSize(size)
			for i, m := range messages {
				if err := w.Write(&rawmessage.Message{
					ChunkStreamID: m.stream, Type: m.typ, Timestamp: time.Duration(m.time) * time.Millisecond,
					Body: bytes.Repeat([]byte{byte(i + 1)}, m.size),
				}); err != nil {
					t.Fatal(err)
				}
			}
			r := newChunkReader(&wire)
			r.media = true
			for i, want := range messages {
				got, err := r.read()
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if got.typ != want.typ || got.time != want.time || !bytes.Equal(got.body, bytes.Repeat([]byte{byte(i + 1)}, want.size)) {
					t.Fatalf("message %d: type %d at %d with %d bytes, want %+v", i, got.typ, got.time, len(got.body), want)
				}
			}
			if _, err := r.read(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			if r.pending != 0 {
				t.Errorf("%d bytes pending", r.pending)
			}
		})
	}
}

// hexChunks reads the bytes and gives the messages as type@time:body.
func hexChunks(t *testing.T, media bool, wire []byte) (string, error) {
	t.Helper()
	r := newChunkReader(bytes.NewReader(wire))
	r.media = media
	var got []string
	for {
		m, err := r.read()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return strings.Join(got, " "), err
		}
		got = append(got, fmt.Sprintf("%d@%d:%x", m.typ, m.time, m.body))
	}
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestChunkRules(t *testing.T) {
	full := func(id byte, time uint32, size int, typ byte, body ...byte) []byte {
		h := []byte{id, byte(time >> 16), byte(time >> 8), byte(time), byte(size >> 16), byte(size >> 8), byte(size), typ, 0, 0, 0, 0}
		return append(h, body...)
	}
	zeros := func(n int) []byte { return make([]byte, n) }
	for _, tc := range []struct {
		name string
		wire []byte
		want string
		says string // the error
	}{
		{"type 1 and 2 add to the time", cat(full(4, 100, 1, 8, 1), []byte{1<<6 | 4, 0, 0, 20, 0, 0, 2, 8, 2, 2}, []byte{2<<6 | 4, 0, 0, 30, 3, 3}),
			"8@100:01 8@120:0202 8@150:0303", ""},
		{"type 3 repeats the delta", cat(full(4, 0, 1, 8, 1), []byte{2<<6 | 4, 0, 0, 20, 2}, []byte{3<<6 | 4, 3}, []byte{3<<6 | 4, 4}),
			"8@0:01 8@20:02 8@40:03 8@60:04", ""},
		{"type 3 after type 0 adds its time", cat(full(4, 7, 1, 8, 1), []byte{3<<6 | 4, 2}), "8@7:01 8@14:02", ""},
		{"ids of two and three bytes", cat([]byte{0, 10}, full(0, 1, 1, 8, 1)[1:], []byte{1, 10, 1}, full(0, 2, 1, 8, 2)[1:]),
			"8@1:01 8@2:02", ""},
		{"interleaved", cat(full(4, 0, 130, 8, zeros(128)...), full(6, 5, 1, 8, 9), []byte{3<<6 | 4, 7, 7}),
			"8@5:09 8@0:" + strings.Repeat("00", 128) + "0707", ""},
		{"extended time, repeated", cat([]byte{4, 0xff, 0xff, 0xff, 0, 0, 129, 8, 0, 0, 0, 0, 1, 0, 0, 0}, zeros(128), []byte{3<<6 | 4, 1, 0, 0, 0, 5}),
			"8@16777216:" + strings.Repeat("00", 128) + "05", ""},
		{"extended time, left out", cat([]byte{4, 0xff, 0xff, 0xff, 0, 0, 132, 8, 0, 0, 0, 0, 1, 0, 0, 0}, zeros(128), []byte{3<<6 | 4, 5, 6, 7, 8}),
			"8@16777216:" + strings.Repeat("00", 128) + "05060708", ""},
		{"time wraps", cat([]byte{4, 0xff, 0xff, 0xff, 0, 0, 1, 8, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1}, []byte{2<<6 | 4, 0, 0, 2, 2}),
			"8@4294967295:01 8@1:02", ""},
		{"abort", cat(full(4, 0, 130, 8, zeros(128)...), full(2, 0, 4, 2, 0, 0, 0, 4), full(4, 3, 1, 8, 1)), "8@3:01", ""},
		{"a message inside another", cat(full(4, 0, 130, 8, zeros(128)...), full(4, 0, 1, 8, 1)), "", "inside another"},
		{"no full header first", []byte{1<<6 | 4, 0, 0, 1, 0, 0, 1, 8, 1}, "", "without a full header"},
		{"chunk size 0", full(2, 0, 4, 1, 0, 0, 0, 0), "", "chunk size of 0"},
		{"chunk size too big", full(2, 0, 4, 1, 0x80, 0, 0, 0), "", "chunk size of 2147483648"},
		{"short chunk size", full(2, 0, 3, 1, 1, 0, 0), "", "of 3 bytes"},
		{"too big a command", full(3, 0, maxControl+1, 20), "", "at most 65536"},
		{"too big a picture", full(3, 0, maxMedia+1, 9), "", "at most 8388608"},
		{"too much unfinished", cat(full(3, 0, maxMedia, 9, zeros(128)...), full(4, 0, maxMedia, 9)), "", "unfinished"},
		{"cut in a header", []byte{4, 0, 0}, "", "unexpected EOF"},
		{"cut in a body", full(4, 0, 4, 8, 1), "", "unexpected EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := hexChunks(t, true, tc.wire)
			if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
				t.Fatalf("error %v, want %q", err, tc.says)
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTooManyChunkStreams(t *testing.T) {
	var wire []byte
	for id := range byte(maxStreams + 1) {
		wire = append(wire, 0, id, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 1)
	}
	if _, err := hexChunks(t, true, wire); err == nil || !strings.Contains(err.Error(), "chunk streams") {
		t.Errorf("err = %v", err)
	}
}

// TestBeforeTheKey: a stranger cannot fill many chunk streams either.
func TestBeforeTheKey(t *testing.T) {
	var wire []byte
	for id := range byte(4) {
		wire = append(wire, 4+id, 0, 0, 0, 0, 0xf0, 0, 20, 0, 0, 0, 0)
		wire = append(wire, make([]byte, 128)...)
	}
	if _, err := hexChunks(t, false, wire); err == nil || !strings.Contains(err.Error(), "more than 131072 bytes") {
		t.Errorf("err = %v", err)
	}
	if _, err := hexChunks(t, false, []byte{6, 0, 0, 0, 2, 0, 0, 9, 0, 0, 0, 0}); err == nil || !strings.Contains(err.Error(), "at most 65536") {
		t.Errorf("a picture before the key: %v", err)
	}
}

// TestAnnouncedSizeIsNotAllocated: a header that announces 8 MiB costs 256 KiB
// until the bytes come.
func TestAnnouncedSizeIsNotAllocated(t *testing.T) {
	r := newChunkReader(bytes.NewReader(cat(
		[]byte{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff},
		[]byte{6, 0, 0, 0, 0x80, 0, 0, 9, 0, 0, 0, 0}, make([]byte, 1000))))
	r.media = true
	if _, err := r.read(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if got := cap(r.streams[6].body); got > firstAlloc {
		t.Errorf("%d bytes allocated", got)
	}
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 1})
	f.Add([]byte{4, 0xff, 0xff, 0xff, 0, 0, 1, 8, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0xc4, 1, 0, 0, 0, 1})
	f.Add([]byte{0, 10, 0, 0, 1, 0, 0, 2, 9, 0, 0, 0, 0, 1, 2, 0x80, 10, 0, 0, 1, 3, 4})
	f.Fuzz(func(t *testing.T, wire []byte) {
		r := newChunkReader(bytes.NewReader(wire))
		r.media = true
		for {
			m, err := r.read()
			if err != nil {
				break
			}
			if len(m.body) > len(wire) {
				t.Fatalf("%d bytes out of %d", len(m.body), len(wire))
			}
		}
		sum := 0
		for _, s := range r.streams {
			if s.open {
				sum += s.length
			}
		}
		if sum != r.pending || sum > maxPending {
			t.Fatalf("%d bytes pending, %d counted", sum, r.pending)
		}
	})
}
