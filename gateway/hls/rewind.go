package hls

import (
	"time"
)

// InMemory is how much of a stream memory keeps, if its window is longer and
// there is a disk for the rest.
const InMemory = time.Minute

// lossReason says why segments left the playlists before their time, as a metric
// label.
type lossReason string

const (
	lostSpace  lossReason = "space"  // there was no room for them
	lostFailed lossReason = "failed" // the disk would not take them
	lostSlow   lossReason = "slow"   // the disk did not take them in time
)

var lossReasons = [...]lossReason{lostSpace, lostFailed, lostSlow}

// shelve leaves a whole segment to the disk. That happens long before memory lets
// go of it, so that a disk may be slow at times.
func (w *writer) shelve(seg *segment) {
	if w.shelf == nil {
		return
	}
	for _, b := range seg.whole {
		if b != nil {
			seg.entry = w.shelf.put(seg.msn, seg.whole)
			return
		}
	}
}

// settle takes from memory what the disk has. What it has not, or must give up,
// leaves the playlists with everything before it, for a playlist has no holes.
func (w *writer) settle() {
	if w.shelf == nil {
		return
	}
	for length(w.segments[w.settled+1:]) >= w.memory {
		seg := *w.segments[w.settled]
		whole := seg.whole
		seg.parts, seg.whole = nil, make([]*body, len(whole))
		state := entryStored // a gap needs no room
		if seg.entry != nil {
			state = seg.entry.settled()
		}
		if state == entryStored {
			for i, b := range whole {
				if b != nil {
					seg.whole[i] = newFile(b, seg.entry.file(i))
				}
			}
		}
		w.segments[w.settled] = &seg
		w.settled++
		switch state {
		case entryStored:
		case entryCondemned, entryNoSpace:
			w.lose(seg.msn, lostSpace)
		case entryFailed:
			w.lose(seg.msn, lostFailed)
		default:
			w.lose(seg.msn, lostSlow)
		}
	}
	if w.settled > 0 {
		w.lose(min(w.shelf.condemned.Load(), w.segments[w.settled-1].msn), lostSpace)
	}
}

// lose takes the segments up to number msn from the playlists.
func (w *writer) lose(msn uint64, why lossReason) {
	n := 0
	for w.segments[w.listed].msn <= msn {
		w.unlist()
		n++
	}
	if n == 0 {
		return
	}
	w.metrics.lost[why].Add(float64(n))
	w.shelf.disk.complain("segments left the playlists before their time", "session", string(w.metrics.id),
		"segments", n, "reason", string(why), "window", w.at(length(w.segments[w.listed:])))
}

// unlist takes the oldest segment from the playlists.
func (w *writer) unlist() {
	if w.segments[w.listed].discontinuity {
		w.discontinuities++
	}
	w.listed++
}

// forget drops the oldest segment.
func (w *writer) forget() {
	if e := w.segments[0].entry; e != nil {
		e.drop()
	}
	w.segments = append([]*segment(nil), w.segments[1:]...)
	w.listed--
	w.settled = max(0, w.settled-1)
}
