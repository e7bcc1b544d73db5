package e2e

import (
	"fmt"
	"image"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// screen decodes a program and remembers what it saw and heard. A way of viewing
// feeds it from one goroutine; tests ask it from another.
type screen struct {
	t    testing.TB
	name string

	picture *libav.VideoDecoder
	sound   *libav.AudioDecoder
	config  []byte    // goes before the next access unit
	came    time.Time // of the access unit that is being decoded

	mu      sync.Mutex
	changed chan struct{} // closed at every frame and block
	newest  shot
	frames  int
	seen    []moment
	heard   []float32 // mono, 48 kHz, from heardAt on, without holes
	heardAt time.Duration
	holes   int // places where sound did not follow sound
	errs    []string
}

// shot is one decoded picture.
type shot struct {
	pts time.Duration // program time, or the transport's own
	at  time.Time     // when it was decoded here
	pic *compose.Picture
}

// moment is what is kept of every picture.
type moment struct {
	pts   time.Duration
	came  time.Time // when its coded form was here
	at    time.Time // when it was decoded
	clock time.Time // burned in; zero if there is none
	luma  [4]byte   // of the middle of each quarter: enough to see flashes
}

// maxHeard bounds the memory of a screen: a minute and a half of sound.
const maxHeard = 90 * 48000

// newScreen opens the decoders of a program's codecs.
func newScreen(t testing.TB, name string, audio media.Track) *screen {
	t.Helper()
	picture, err := libav.OpenVideoDecoder(media.Track{Codec: media.H264}, 1920*1920)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := libav.OpenAudioDecoder(audio)
	if err != nil {
		t.Fatal(err)
	}
	return &screen{t: t, name: name, picture: picture, sound: sound, changed: make(chan struct{})}
}

// close frees the decoders; what was seen stays.
func (s *screen) close() {
	s.picture.Close()
	s.sound.Close()
}

// configure takes parameter sets that are not in the stream.
func (s *screen) configure(nals ...[]byte) {
	for _, nal := range nals {
		s.config = append(append(s.config, 0, 0, 0, 1), nal...)
	}
}

// video takes an access unit in Annex B form that came at a moment.
func (s *screen) video(data []byte, pts time.Duration, came time.Time) {
	s.came = came
	if s.config != nil {
		data, s.config = slices.Concat(s.config, data), nil
	}
	err := s.picture.Decode(data, pts, func(f *libav.Frame) {
		pic := compose.NewPicture(f.W, f.H)
		if err := f.ScaleTo(pic, image.Rect(0, 0, f.W, f.H)); err != nil {
			s.complain("%v", err)
			return
		}
		if f.Corrupt {
			s.complain("a damaged picture at %v", f.PTS)
		}
		s.show(pic, f.PTS, s.came)
	})
	if err != nil {
		s.complain("picture at %v: %v", pts, err)
	}
}

// show takes a decoded picture.
func (s *screen) show(pic *compose.Picture, pts time.Duration, came time.Time) {
	now := shot{pts: pts, at: time.Now(), pic: pic}
	m := moment{pts: pts, came: came, at: now.at, clock: readClock(pic, now.at)}
	for i := range m.luma {
		m.luma[i] = pic.Y[(i/2*2+1)*pic.H/4*pic.YStride+(i%2*2+1)*pic.W/4]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = now
	s.frames++
	s.seen = append(s.seen, m)
	s.wake()
}

// audio takes one packet.
func (s *screen) audio(data []byte, pts time.Duration) {
	stereo, err := s.sound.Decode(data)
	if err != nil {
		s.complain("sound at %v: %v", pts, err)
	}
	s.hear(stereo, pts)
}

// hear takes interleaved stereo at 48 kHz.
func (s *screen) hear(stereo []float32, pts time.Duration) {
	if len(stereo) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end := s.heardAt + samples(len(s.heard))
	if d := pts - end; len(s.heard) == 0 || d.Abs() > 2*time.Millisecond {
		if len(s.heard) > 0 {
			s.holes++
			s.errs = append(s.errs, fmt.Sprintf("sound at %v follows sound that ended at %v", pts, end))
		}
		s.heard, s.heardAt = s.heard[:0], pts
	}
	for i := 0; i < len(stereo); i += 2 {
		s.heard = append(s.heard, (stereo[i]+stereo[i+1])/2)
	}
	if over := len(s.heard) - maxHeard; over > maxHeard/10 {
		s.heard = slices.Delete(s.heard, 0, over)
		s.heardAt += samples(over)
	}
	s.wake()
}

func samples(n int) time.Duration { return time.Duration(n) * time.Second / transcode.AudioClock }

// wake is called with mu held.
func (s *screen) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *screen) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) < 50 {
		s.errs = append(s.errs, fmt.Sprintf(format, args...))
	}
}

// await waits until ok, which is called with mu held after each change.
func (s *screen) await(within time.Duration, what string, ok func() bool) {
	s.t.Helper()
	if !s.awaitQuietly(within, ok) {
		s.t.Fatalf("%s: %s: not within %v; %s", s.name, what, within, s.state())
	}
}

func (s *screen) awaitQuietly(within time.Duration, ok func() bool) bool {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		done, changed := ok(), s.changed
		s.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return false
		case <-s.t.Context().Done():
			return false
		}
	}
}

func (s *screen) state() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("%d frames and %d samples so far", s.frames, len(s.heard))
	if s.newest.pic != nil {
		text += fmt.Sprintf(", the last at %v, %v ago", s.newest.pts, time.Since(s.newest.at).Round(time.Millisecond))
	}
	for _, e := range s.errs {
		text += "\n\t" + e
	}
	return text
}

// awaitShot waits for a picture that passes ok.
func (s *screen) awaitShot(within time.Duration, what string, ok func(shot) bool) (found shot) {
	s.t.Helper()
	s.await(within, what, func() bool {
		found = s.newest
		return found.pic != nil && ok(found)
	})
	return found
}

// next waits for a picture that is decoded from now on.
func (s *screen) next() shot {
	s.t.Helper()
	now := time.Now()
	return s.awaitShot(10*time.Second, "the next picture", func(sh shot) bool { return sh.at.After(now) })
}

// listen waits for sound that begins after everything heard so far, and returns d
// of it.
func (s *screen) listen(d time.Duration) []float32 {
	s.t.Helper()
	s.mu.Lock()
	from := s.heardAt + samples(len(s.heard))
	s.mu.Unlock()
	n := int(d.Seconds() * transcode.AudioClock)
	var out []float32
	s.await(d+10*time.Second, fmt.Sprintf("%v of sound", d), func() bool {
		first := int((from - s.heardAt).Seconds() * transcode.AudioClock)
		if first < 0 { // it began anew
			from, first = s.heardAt, 0
		}
		if len(s.heard) < first+n {
			return false
		}
		out = slices.Clone(s.heard[first : first+n])
		return true
	})
	return out
}

// watched returns what was seen since a moment.
func (s *screen) watched(since time.Time) []moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.seen, func(m moment) bool { return !m.came.Before(since) })
	if i < 0 {
		return nil
	}
	return slices.Clone(s.seen[i:])
}

// recorded returns all sound since the last hole.
func (s *screen) recorded() (mono []float32, from time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard), s.heardAt
}

func (s *screen) complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

// gaps are the longest distances between pictures, in program time and in their
// arrival, from the last one before a moment on.
func (s *screen) gaps(since time.Time) (media, wall time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.seen); i++ {
		if s.seen[i].came.Before(since) {
			continue
		}
		media = max(media, s.seen[i].pts-s.seen[i-1].pts)
		wall = max(wall, s.seen[i].came.Sub(s.seen[i-1].came))
	}
	return media, wall
}
