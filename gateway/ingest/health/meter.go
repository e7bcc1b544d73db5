package health

import (
	"math"
	"sync"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

const (
	longTerm  = 30 // seconds that a rate is taken over
	shortTerm = 10
	// keyframeMemory separates a long time between keyframes from a jump of the
	// publisher's clock.
	keyframeMemory = time.Minute
)

// Meter measures one publisher. Its methods may be called from any goroutine; at
// is the receiver's time since the publisher connected, and never goes back.
type Meter struct {
	mu sync.Mutex
	m  measured
}

// measured is what is known of the tracks that hold now.
type measured struct {
	video, audio bool // announced
	picture      picture
	sound        sound
	began        time.Duration // when the first unit came
	some         bool

	rates rates
	order order
	lag   [2]lag // by media.Kind

	heard, quiet time.Duration // when loudness was last told, and since when it was silence
	told         bool

	key, keyAt time.Duration // PTS of the last keyframe, and when it came
	keyed      bool
	keyGap     time.Duration // between the last two
}

// SetTracks begins anew: what was measured of other tracks is forgotten.
func (m *Meter) SetTracks(tracks []media.Track) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m = measured{}
	for _, t := range tracks {
		if t.Codec.Kind() == media.Video {
			m.m.video, m.m.picture = true, newPicture(t)
		} else {
			m.m.audio, m.m.sound = true, newSound(t)
		}
	}
}

// Unit takes an access unit that came at. keyGap is the time from the keyframe
// before, when au is a keyframe and there was one; else 0.
func (m *Meter) Unit(at time.Duration, au media.AccessUnit) (keyGap time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.m
	if !s.some {
		s.some, s.began = true, at
	}
	s.rates.add(at, au)
	if au.Kind == media.Audio {
		s.lag[media.Audio].add(at, au.PTS)
		return 0
	}
	if newest, latest := s.order.add(au.PTS, at); newest {
		s.lag[media.Video].add(latest.at, latest.pts)
	}
	if !au.Key {
		return 0
	}
	s.picture.keyframe(au.Data)
	if d := au.PTS - s.key; s.keyed && d > 0 && d < keyframeMemory {
		keyGap, s.keyGap = d, d
	}
	s.key, s.keyAt, s.keyed = au.PTS, at, true
	return keyGap
}

// hearing is how long apart loudness may be told for a silence to go on.
const hearing = 3 * time.Second

// Hear takes how loud the mixer hears the sound at this time, in LUFS. Between two
// words it is silent: only a silence that lasts is worth a word.
func (m *Meter) Hear(at time.Duration, lufs float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.m
	if !s.told || lufs > silentBelow || at-s.heard > hearing {
		s.quiet = at
	}
	s.told, s.heard = true, at
	if s.audio {
		s.sound.audio.Loudness = &lufs
	}
}

// Fill writes into h what is known at this time, and how long media has come.
func (m *Meter) Fill(at time.Duration, h *Health) (age time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.m
	if s.some {
		age = at - s.began
	}
	s.rates.advance(at)
	if s.video {
		v := s.picture.video
		v.FPS, v.Unsteady = s.order.rate()
		v.BFrames = s.order.bFrames(at)
		v.Kbps, v.KbpsNow = s.rates.kbps(media.Video, longTerm), s.rates.kbps(media.Video, shortTerm)
		v.Keyframe = tenths(s.keyGap)
		if since := at - max(s.keyAt, s.began); s.some && since > s.keyGap {
			v.NoKey = tenths(since)
		}
		h.Video = &v
	}
	if s.audio {
		a := s.sound.audio
		a.Kbps = s.rates.kbps(media.Audio, longTerm)
		if a.Silent = (s.heard - s.quiet).Seconds(); at-s.heard > hearing {
			a.Loudness, a.Silent = nil, 0
		}
		h.Audio = &a
	}
	if sound, picture := s.lag[media.Audio], s.lag[media.Video]; sound.known() && picture.known() {
		ms := int(math.Round(1000 * (picture.mean - sound.mean)))
		h.AVOffset = &ms
	}
	return age
}

func tenths(d time.Duration) float64 { return math.Round(10*d.Seconds()) / 10 }

// rates counts bytes second by second.
type rates struct {
	bytes  [longTerm + 1][2]int // by second modulo its length, and media.Kind
	second int                  // that is being filled
	since  int                  // the first of all
	some   bool
}

func (r *rates) add(at time.Duration, au media.AccessUnit) {
	if !r.some {
		r.some = true
		r.second = int(at / time.Second)
		r.since = r.second
	}
	r.advance(at)
	r.bytes[r.second%len(r.bytes)][au.Kind&1] += len(au.Data)
}

func (r *rates) advance(at time.Duration) {
	now := int(at / time.Second)
	for range min(now-r.second, len(r.bytes)) {
		r.second++
		r.bytes[r.second%len(r.bytes)] = [2]int{}
	}
	r.second = max(r.second, now)
}

// kbps is the mean of the last whole seconds, at most so many.
func (r *rates) kbps(kind media.Kind, most int) int {
	n := min(most, r.second-r.since)
	if n == 0 {
		return 0
	}
	sum := 0
	for i := 1; i <= n; i++ {
		sum += r.bytes[(r.second-i)%len(r.bytes)][kind]
	}
	return sum * 8 / 1000 / n
}

// lag is the mean of how long after its PTS a unit comes, over about 3 s, in
// seconds from an arbitrary start that both kinds share.
type lag struct {
	mean, latest float64
	total        float64 // seconds of media seen
	some         bool
}

const lagMemory = 3.0

func (l *lag) add(at, pts time.Duration) {
	late, now := (at - pts).Seconds(), pts.Seconds()
	if !l.some || math.Abs(late-l.mean) > 2 { // the first, or a jump of the clock
		*l = lag{mean: late, latest: now, some: true}
		return
	}
	step := min(max(now-l.latest, 0), 0.2)
	l.total += step
	l.mean += (late - l.mean) * step / lagMemory
	l.latest = max(l.latest, now)
}

func (l *lag) known() bool { return l.total >= lagMemory }
