package hls

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
)

// Parameter sets that x264 wrote for 320x180 and for 640x360.
const (
	spsSmall = "6742c00dda05067e7c0440000003004000000f23c50aa8"
	spsLarge = "6742c01eda0280bfe5c04400000300040000" + "0300f23c58ba80"
	pps      = "68ce0fc8"
)

// testEpoch is program time 0; its EPOCH in addresses is testName.
var testEpoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const testName = "mwt7reo0"

func testOptions() Options {
	return Options{
		Rungs: []transcode.Rung{{Width: 320, Height: 180, Kbps: 400}}, FPS: 30, AudioKbps: 96,
		Part: time.Second / 3, Segment: 2 * time.Second, Window: 30 * time.Second,
		Epoch: testEpoch, Session: "test",
	}
}

// source writes a program of tiny made-up pictures, which only the packager has
// to understand.
type source struct {
	t      testing.TB
	stream *Stream
	grid   grid
	rungs  int
	sps    string
	next   int64 // frame
	sound  int64 // packet
	// lag is how long sound comes after its picture.
	lag time.Duration
}

func newSource(t testing.TB, o Options) *source {
	s := newStream(t, o)
	return &source{t: t, stream: s, grid: s.grid, rungs: len(o.Rungs), sps: spsSmall}
}

// frames writes the next n frames, keyframes where they are due, and the sound
// that belongs to them.
func (s *source) frames(n int) {
	for range n {
		s.frame(s.next%s.grid.segment == 0)
	}
}

// parts writes the next n parts of a stream whose parts are all as long.
func (s *source) parts(n int) { s.frames(n * int(s.grid.part)) }

// skip loses n frames, and the sound with them.
func (s *source) skip(n int) {
	s.next += int64(n)
	s.sound = s.grid.samples(s.next) / 1024
}

// frame writes one picture, after the sound that begins before its end.
func (s *source) frame(key bool) {
	until := s.grid.samples(s.next+1) - int64(s.lag.Seconds()*transcode.AudioClock)
	for ; s.sound*1024 < until; s.sound++ {
		s.stream.Write(transcode.Packet{
			Track: transcode.AAC, PTS: s.sound * 1024, Key: true, Data: fmt.Appendf(nil, "sound %d", s.sound),
		})
	}
	for rung := range s.rungs {
		s.rung(rung, key)
	}
	s.next++
}

// rung writes the frame's picture in one rung.
func (s *source) rung(rung int, key bool) {
	s.stream.Write(transcode.Packet{
		Track: transcode.Video, PTS: s.grid.ticks(s.next), Key: key, Rung: rung, Data: picture(s.sps, key, s.next),
	})
}

// picture is an access unit in Annex B form.
func picture(sps string, key bool, number int64) []byte {
	au := []byte{0, 0, 0, 1, 0x09, 0xf0}
	if !key {
		return fmt.Appendf(append(au, 0, 0, 0, 1, 0x41), "picture %d", number)
	}
	for _, set := range []string{sps, pps} {
		b, err := hex.DecodeString(set)
		if err != nil {
			panic(err)
		}
		au = append(append(au, 0, 0, 0, 1), b...)
	}
	return fmt.Appendf(append(au, 0, 0, 1, 0x65), "picture %d", number)
}

// get asks as a viewer does; headers are pairs of name and value.
func (s *source) get(path string, headers ...string) *httptest.ResponseRecorder {
	return ask(s.stream, http.MethodGet, path, headers...)
}

func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/"+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const playlistPath = "180p/stream.m3u8"

func mediaPath(format string, args ...any) string {
	return "180p/" + testName + "/" + fmt.Sprintf(format, args...)
}
