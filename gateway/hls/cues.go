package hls

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// maxCues bounds a playlist: whoever joins gets all of them.
	maxCues = 200
	// maxData is how often the data of a cue can change, for the same reason.
	maxData = 16
)

// ErrEnded says that a cue came when nothing can be added any more.
var ErrEnded = errors.New("hls: the session is over")

// dateRange is a cue on the playlists (RFC 8216bis 4.4.5.1). It never changes: a
// new state makes a new one.
type dateRange struct {
	cue   show.Cue
	data  [][]byte // every state of it, for what was once said cannot be taken back
	added int64    // the frame at the playlist's end when this state was added
}

// removedRange is a cue that has left the playlists.
type removedRange struct {
	id string
	at int64 // the frame at the playlist's end
}

// cueList is the writer's; the slices are replaced, never written to.
type cueList struct {
	ranges  []dateRange
	removed []removedRange
}

// add takes a cue, at the frame where the playlist ends now, and says which it had
// to give up for it.
func (l *cueList) add(c show.Cue, now int64) (dropped []string, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.ranges, func(r dateRange) bool { return r.cue.ID == c.ID })
	if i < 0 {
		if slices.ContainsFunc(l.removed, func(r removedRange) bool { return r.id == c.ID }) {
			return nil, fmt.Errorf("the cue %s has just left the playlists; take another id (RFC 8216bis 6.2.1)", c.ID)
		}
		added := dateRange{cue: c, added: now}
		if len(c.Data) > 0 {
			added.data = [][]byte{bytes.Clone(c.Data)}
		}
		l.ranges = append(slices.Clone(l.ranges), added)
		for len(l.ranges) > maxCues {
			dropped = append(dropped, l.ranges[0].cue.ID)
			l.remove(0, now)
		}
		return dropped, nil
	}
	changed, err := l.ranges[i].become(c, now)
	if err != nil {
		return nil, err
	}
	l.ranges = slices.Clone(l.ranges)
	l.ranges[i] = changed
	return nil, nil
}

// become is r after another announcement. A date range can be added to but not
// changed (RFC 8216bis 4.4.5.1), and players ignore what tries: an end that was
// open may be said, and new data goes into an attribute of its own.
func (r dateRange) become(c show.Cue, now int64) (dateRange, error) {
	switch old := r.cue; {
	case c.Start != old.Start:
		return r, fmt.Errorf("the cue %s starts at %v and cannot move to %v; take another id", c.ID, old.Start, c.Start)
	case c.Class != old.Class:
		return r, fmt.Errorf("the cue %s is a %s and cannot become a %s; take another id", c.ID, old.Class, c.Class)
	case old.Duration != 0 && c.Duration != old.Duration:
		return r, fmt.Errorf("the cue %s was said to last %v and cannot last %v; take another id", c.ID, old.Duration, c.Duration)
	}
	if n := len(r.data); len(c.Data) > 0 && (n == 0 || !bytes.Equal(r.data[n-1], c.Data)) {
		if n == maxData {
			return r, fmt.Errorf("the data of cue %s has changed %d times; take another id", c.ID, n-1)
		}
		r.data = append(r.data[:n:n], bytes.Clone(c.Data))
	}
	r.cue, r.added = c, now
	return r, nil
}

// expire removes the cues that end before frame first, and forgets those that went
// more than kept frames ago. One without an end stays.
func (l *cueList) expire(g grid, first, now, kept int64) {
	starts := time.Duration(g.micros(first)) * time.Microsecond
	for i := len(l.ranges) - 1; i >= 0; i-- {
		if c := l.ranges[i].cue; c.Duration > 0 && c.Start+c.Duration < starts {
			l.remove(i, now)
		}
	}
	for len(l.removed) > 0 && l.removed[0].at < now-kept {
		l.removed = l.removed[1:]
	}
}

func (l *cueList) remove(i int, now int64) {
	l.removed = append(l.removed[:len(l.removed):len(l.removed)], removedRange{l.ranges[i].cue.ID, now})
	l.ranges = slices.Delete(slices.Clone(l.ranges), i, i+1)
}

// since gives what a player lacks that has read the playlist at frame from.
func (l cueList) since(from int64) []dateRange {
	return slices.DeleteFunc(slices.Clone(l.ranges), func(r dateRange) bool { return r.added < from })
}

// appendTag writes the EXT-X-DATERANGE. The data is X-DATA; when it has changed,
// what holds is the one of X-DATA-2, X-DATA-3, … with the highest number.
func (r dateRange) appendTag(b []byte, epoch time.Time) []byte {
	b = fmt.Appendf(b, "#EXT-X-DATERANGE:ID=\"%s\",CLASS=\"%s\",START-DATE=\"", r.cue.ID, r.cue.Class)
	b = epoch.Add(r.cue.Start).UTC().AppendFormat(b, dateFormat)
	b = append(b, '"')
	if r.cue.Duration > 0 {
		b = append(b, ",DURATION="...)
		b = appendSeconds(b, r.cue.Duration.Microseconds())
	}
	for i, data := range r.data {
		b = append(b, ",X-DATA"...)
		if i > 0 {
			b = fmt.Appendf(b, "-%d", i+1)
		}
		b = append(b, `="`...)
		b = base64.StdEncoding.AppendEncode(b, data)
		b = append(b, '"')
	}
	return append(b, '\n')
}

// announce puts a cue on the playlists from the next part on.
func (w *writer) announce(c show.Cue) error {
	if w.finished {
		return ErrEnded
	}
	dropped, err := w.cues.add(c, w.playlistEnd())
	if err != nil {
		return fmt.Errorf("hls: %w", err)
	}
	if len(dropped) > 0 {
		w.metrics.cuesDropped.Add(float64(len(dropped)))
		w.log.Warn("hls: too many cues; the oldest are gone from the playlists", "cues", dropped)
	}
	return nil
}

// playlistEnd is the frame where the playlists end now.
func (w *writer) playlistEnd() int64 {
	if len(w.segments) == 0 {
		return 0
	}
	return w.segments[len(w.segments)-1].end
}

// Announce puts a cue on the playlists of every rendition, or says more of one
// that is there: its end, when that was open, or new data. It is on the playlist
// that the next part brings, within PART-TARGET, which is a third of what a player
// keeps between itself and the playlist's end: nothing need be published for it.
//
// A cue leaves the playlists when its end has left the window; one without an end
// stays until it gets one. Of more than 200 the oldest go first.
func (s *Stream) Announce(c show.Cue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer.announce(c)
}
