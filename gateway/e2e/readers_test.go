package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2"
	"github.com/bluenviron/gohlslib/v2/pkg/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/regie-live/regie/transcode/compose"
)

// readGohlslib watches with gohlslib's client, an LL-HLS reader that was not
// written here. fails tells why it stopped, and closes without one.
func readGohlslib(t testing.TB, address string) (s *screen, ended <-chan error) {
	t.Helper()
	s = newScreen(t, "gohlslib", programAAC)
	c := &gohlslib.Client{
		URI:                       address,
		OnDownloadPrimaryPlaylist: func(string) {},
		OnDownloadStreamPlaylist:  func(string) {},
		OnDownloadSegment:         func(string) {},
		OnDownloadPart:            func(string) {},
		OnDecodeError:             func(err error) { s.complain("gohlslib: %v", err) },
	}
	var feeding sync.Mutex // its tracks have a goroutine each
	var closed bool
	c.OnTracks = func(tracks []*gohlslib.Track) error {
		for _, track := range tracks {
			rate := track.ClockRate
			at := func(pts int64) time.Duration { return time.Duration(pts) * time.Second / time.Duration(rate) }
			feed := func(f func()) {
				feeding.Lock()
				defer feeding.Unlock()
				if !closed {
					f()
				}
			}
			switch codec := track.Codec.(type) {
			case *codecs.H264:
				s.configure(codec.SPS, codec.PPS)
				c.OnDataH26x(track, func(pts, _ int64, nals [][]byte) {
					au, err := h264.AnnexB(nals).Marshal()
					if err != nil {
						s.complain("%v", err)
						return
					}
					feed(func() { s.video(au, at(pts), time.Now()) })
				})
			case *codecs.MPEG4Audio:
				c.OnDataMPEG4Audio(track, func(pts int64, aus [][]byte) {
					for i, au := range aus {
						feed(func() { s.audio(au, at(pts+int64(i)*1024)) })
					}
				})
			default:
				return fmt.Errorf("a track of %T", track.Codec)
			}
		}
		return nil
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	var closing atomic.Bool
	go func() {
		defer close(failed)
		if err := c.Wait2(); !closing.Load() {
			failed <- err
		}
	}()
	t.Cleanup(func() {
		closing.Store(true)
		c.Close()
		for range failed {
		}
		feeding.Lock()
		defer feeding.Unlock()
		closed = true
		s.close()
	})
	return s, failed
}

// readFFmpeg watches with Debian's ffmpeg, which knows plain HLS only. Times are
// counted, not read: pictures at the program's rate, sound without holes.
func readFFmpeg(t testing.TB, address string, w, h int) *screen {
	t.Helper()
	s := newScreen(t, "ffmpeg", programAAC)
	t.Cleanup(s.close)
	cmd := exec.Command("ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-i", address,
		"-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1",
		"-map", "0:a:0", "-f", "f32le", "-ac", "2", "-ar", "48000", "pipe:3")
	pictures, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	sound, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{theirs}
	var reading sync.WaitGroup
	t.Cleanup(func() { reading.Wait(); sound.Close() }) // after the program has ended
	launch(t, cmd)
	theirs.Close()
	reading.Go(func() {
		for n := 0; ; n++ {
			p := compose.NewPicture(w, h)
			if readPlane(pictures, p.Y, p.YStride, w, h) != nil ||
				readPlane(pictures, p.U, p.CStride, w/2, h/2) != nil || readPlane(pictures, p.V, p.CStride, w/2, h/2) != nil {
				return
			}
			s.show(p, time.Duration(n)*time.Second/fps, time.Now())
		}
	})
	reading.Go(func() {
		b := make([]byte, 1024*8)
		for n := 0; ; n += 1024 {
			if _, err := io.ReadFull(sound, b); err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					s.complain("%v", err)
				}
				return
			}
			stereo := make([]float32, 2048)
			for i := range stereo {
				stereo[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			}
			s.hear(stereo, samples(n))
		}
	})
	return s
}

func readPlane(r io.Reader, plane []byte, stride, w, h int) error {
	for y := range h {
		if _, err := io.ReadFull(r, plane[y*stride:y*stride+w]); err != nil {
			return err
		}
	}
	return nil
}

// TestReaders: the program is the same whoever reads it.
func TestReaders(t *testing.T) {
	a := start(t, setup{})
	for i, seat := range seats[:2] {
		a.publish(overRTMP, "studio", seat, looks[i])
	}
	ours := a.live("studio")
	ours.awaitMix(10*time.Second, looks[:2]...)
	theirs, ended := readGohlslib(t, a.hls("studio"))
	plain := readFFmpeg(t, a.hls("studio"), 640, 360)
	for _, s := range []*screen{theirs, plain} {
		s.awaitMix(20*time.Second, looks[:2]...)
		s.hears(looks[:2]...)
		for _, e := range s.complaints() {
			t.Errorf("%s: %s", s.name, e)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("gohlslib stopped: %v", err)
	default:
	}
	ours.playing()
}
