package hls

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2"
	"github.com/bluenviron/gohlslib/v2/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/transcode"
)

func clipOptions() Options {
	return Options{
		Rungs: []transcode.Rung{{Width: clipWidth, Height: clipHeight, Kbps: 400}}, FPS: clipFPS, AudioKbps: 96,
		Session: "test", Epoch: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

func newStream(t testing.TB, o Options) *Stream {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// over ends a stream at once.
func over(s *Stream) {
	s.End()
	s.final()
}

func serve(t testing.TB, s *Stream) string {
	t.Helper()
	srv := httptest.NewServer(http.StripPrefix("/live/test/", s))
	t.Cleanup(srv.Close)
	return srv.URL + "/live/test/"
}

func write(s *Stream, packets []transcode.Packet) {
	for _, p := range packets {
		s.Write(p)
	}
}

// TestFFmpegReads: the ffmpeg program decodes every picture and all the sound
// without a complaint, and finds each where it belongs; also across a gap, of which
// this version knows so little that it asks for it.
func TestFFmpegReads(t *testing.T) {
	whole := clip(t)
	before, _ := upTo(whole, 150)
	_, after := upTo(whole, 4*clipGOP)
	for name, packets := range map[string][]transcode.Packet{
		"whole": whole,
		"gap":   append(before[:len(before):len(before)], after...),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream(t, clipOptions())
			write(s, packets)
			over(s)
			cmd := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", serve(t, s)+"index.m3u8",
				"-map", "0:v:0", "-map", "0:a:0", "-copyts", "-f", "framecrc", "-")
			var complaints strings.Builder
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil || complaints.Len() > 0 && name != "gap" {
				t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
			}
			got := map[byte]int{}
			for line := range strings.Lines(string(out)) {
				if line[0] != '#' {
					got[line[0]]++
				}
			}
			video := len(pictures(packets))
			// What waits for the next picture when the gap comes has none to go with.
			late := int(testutil.ToFloat64(s.writer.metrics.renditions[len(s.renditions)-1].dropped[dropLate]))
			if audio := len(packets) - video - late; late > 2 || got['0'] != video || got['1'] != audio {
				t.Errorf("%d pictures and %d packets of sound; want %d and %d", got['0'], got['1'], video, audio)
			}
		})
	}
}

// heard is what a gohlslib client played.
type heard struct {
	mu     sync.Mutex
	frames []transcode.Packet // PTS from the first picture on
	sounds int
	dates  []time.Time
}

// listen starts gohlslib's client, an implementation that shares nothing with
// ours but the container. It plays in real time.
func listen(t *testing.T, url string, onPart func()) (*heard, *gohlslib.Client) {
	h := &heard{}
	quiet := func(string) {}
	transport := &http.Transport{}
	c := &gohlslib.Client{
		URI: url, HTTPClient: &http.Client{Transport: transport},
		OnDownloadPrimaryPlaylist: quiet, OnDownloadStreamPlaylist: quiet, OnDownloadSegment: quiet,
		OnDownloadPart: func(string) { onPart() },
		OnDecodeError:  func(err error) { t.Error(err) },
	}
	c.OnTracks = func(tracks []*gohlslib.Track) error {
		for _, track := range tracks {
			switch track.Codec.(type) {
			case *codecs.H264:
				c.OnDataH26x(track, func(pts, _ int64, au [][]byte) {
					data, _ := h264.AVCC(au).Marshal()
					date, _ := c.AbsoluteTime(track)
					h.mu.Lock()
					defer h.mu.Unlock()
					h.frames = append(h.frames, transcode.Packet{PTS: pts, Key: h264.IsRandomAccess(au), Data: data})
					h.dates = append(h.dates, date)
				})
			case *codecs.MPEG4Audio:
				c.OnDataMPEG4Audio(track, func(_ int64, aus [][]byte) {
					h.mu.Lock()
					defer h.mu.Unlock()
					h.sounds += len(aus)
				})
			}
		}
		return nil
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); transport.CloseIdleConnections() })
	return h, c
}

// compare asks that the frames are those of the clip from frame first on.
func (h *heard) compare(t *testing.T, packets []transcode.Packet, first, n int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.frames) < n || h.sounds < n*transcode.AudioClock/clipFPS/1024-3 {
		t.Fatalf("%d pictures and %d packets of sound; want %d pictures", len(h.frames), h.sounds, n)
	}
	for i, got := range h.frames[:n] {
		want := packets[first+i]
		c, err := repack(want.Data)
		if err != nil || !bytes.Equal(c.data, got.Data) || c.key != got.Key || got.PTS != int64(i)*transcode.VideoClock/clipFPS {
			t.Fatalf("picture %d: PTS %d, key %v, %d bytes", first+i, got.PTS, got.Key, len(got.Data))
		}
		date := clipOptions().Epoch.Add(time.Duration(first+i) * time.Second / clipFPS)
		if off := h.dates[i].Sub(date).Abs(); off > 2*time.Millisecond {
			t.Fatalf("picture %d: program time is off by %v", first+i, off)
		}
	}
}

func pictures(packets []transcode.Packet) (video []transcode.Packet) {
	for _, p := range packets {
		if p.Track == transcode.Video {
			video = append(video, p)
		}
	}
	return video
}

// upTo gives the packets before picture n.
func upTo(packets []transcode.Packet, n int) (before, after []transcode.Packet) {
	for i, p := range packets {
		if p.Track == transcode.Video {
			if n == 0 {
				return packets[:i], packets[i:]
			}
			n--
		}
	}
	return packets, nil
}

// TestGohlslibReads a finished stream by its segments.
func TestGohlslibReads(t *testing.T) {
	s := newStream(t, clipOptions())
	packets, _ := upTo(clip(t), clipGOP)
	write(s, packets)
	over(s)
	h, c := listen(t, serve(t, s)+"index.m3u8", func() {})
	if err := c.Wait2(); !errors.Is(err, gohlslib.ErrClientEOS) {
		t.Errorf("the client ended with %v", err)
	}
	h.compare(t, pictures(packets), 0, clipGOP)
}

// TestGohlslibFollows a live stream by its hinted parts: it asks for each before
// it exists. Every request for a part lets the program go on by one.
func TestGohlslibFollows(t *testing.T) {
	s := newStream(t, clipOptions())
	url := serve(t, s)
	before, rest := upTo(clip(t), clipGOP)
	write(s, before)
	const parts, perPart = 6, 10
	asked := make(chan struct{}, parts+1)
	h, c := listen(t, url+"index.m3u8", func() { asked <- struct{}{} })
	for range parts {
		<-asked
		var part []transcode.Packet
		part, rest = upTo(rest, perPart)
		write(s, part)
	}
	<-asked // for the next, so it has the one before
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-tick.C:
			h.mu.Lock()
			done = len(h.frames) >= parts*perPart
			h.mu.Unlock()
		case <-deadline:
			done = true
		}
	}
	c.Close()
	h.compare(t, pictures(clip(t)), clipGOP, parts*perPart)
}
