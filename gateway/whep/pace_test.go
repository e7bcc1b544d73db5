package whep

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// clockedWire notes when packets are written.
type clockedWire struct {
	*wire
	at []time.Time
}

func (w *clockedWire) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	w.at = append(w.at, time.Now())
	return w.wire.WriteRTP(h, payload)
}

// TestPacing: a large keyframe goes out in slices, small pictures and sound at
// once, and a picture that comes early lets the one before it go first.
func TestPacing(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	synctest.Test(t, func(t *testing.T) {
		fd := NewFeed(Options{Net: n, BasePath: "/live/a/"})
		defer fd.Close()
		picture, sound := paceViewer(t, fd)
		send := func(number, packets int, key bool) {
			f := &frame{kind: media.Video, key: key, number: uint64(number), at: time.Now(), payloads: make([][]byte, packets)}
			for i := range f.payloads {
				f.payloads[i] = []byte{byte(number), byte(i)}
			}
			f.first = uint64(picture.n) // all before has been sent
			fd.workers[0].queue <- f
			synctest.Wait()
		}
		start := time.Now()
		after := func() (list []time.Duration) {
			synctest.Wait()
			for _, at := range picture.at {
				list = append(list, at.Sub(start))
			}
			return slices.Compact(list)
		}
		send(0, paceMin, true)
		if got := after(); !slices.Equal(got, []time.Duration{0}) {
			t.Errorf("a small picture is sent at %v", got)
		}
		time.Sleep(33 * time.Millisecond)
		start, picture.at = time.Now(), nil
		send(1, 10*paceMin+1, true)
		fd.workers[0].queue <- &frame{kind: media.Audio, at: time.Now(), payloads: [][]byte{{1}}}
		synctest.Wait()
		if len(sound.at) != 1 || sound.at[0] != start {
			t.Errorf("sound waits for the keyframe: %v", sound.at)
		}
		time.Sleep(33 * time.Millisecond)
		if got, want := after(), []time.Duration{0, paceGap, 2 * paceGap, 3 * paceGap}; !slices.Equal(got, want) || len(picture.at) != 10*paceMin+1 {
			t.Errorf("%d packets of a large picture are sent at %v, want %v", len(picture.at), got, want)
		}
		start, picture.at = time.Now(), nil
		send(2, 2*paceMin, false)
		time.Sleep(time.Millisecond)
		f := &frame{kind: media.Video, number: 3, first: uint64(picture.n + paceMin), at: time.Now(), payloads: [][]byte{{3, 0}}}
		fd.workers[0].queue <- f
		if got, want := after(), []time.Duration{0, time.Millisecond}; !slices.Equal(got, want) || len(picture.at) != 2*paceMin+1 {
			t.Errorf("%d packets are sent at %v, want %v", len(picture.at), got, want)
		}
		time.Sleep(time.Second)
		if got := len(after()); got != 2 {
			t.Errorf("something is sent twice: at %v", after())
		}
	})
}

// paceViewer puts a viewer on the first worker.
func paceViewer(t *testing.T, fd *Feed) (picture, sound *clockedWire) {
	s, w := bound(t, media.Video)
	picture = &clockedWire{wire: w}
	s.Redirect(picture)
	v := newViewer(fd, "x", -1)
	v.video, v.reported = s, time.Now().Add(time.Hour)
	a, w := bound(t, media.Audio)
	sound = &clockedWire{wire: w}
	a.Redirect(sound)
	v.audio = a
	fd.workers[0].add(v)
	return picture, sound
}
