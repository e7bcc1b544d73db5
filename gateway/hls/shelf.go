package hls

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/regie-live/regie/gateway/show"
)

// shelf is one stream's place on the disk: DIR/SESSION/EPOCH/RENDITION/MSN.m4s.
type shelf struct {
	disk       *Disk
	dir        string
	renditions []string
	condemned  atomic.Uint64 // segments up to this number must leave the playlists
}

func (d *Disk) shelf(session show.SessionID, epoch string, renditions []string) *shelf {
	return &shelf{disk: d, dir: filepath.Join(d.dir, url.PathEscape(string(session)), epoch), renditions: renditions}
}

// entryState is what has become of a segment that was left to the disk.
type entryState int32

const (
	entryQueued entryState = iota
	entryWriting
	entryStored
	entryCondemned // it was stored, and has gone or will go soon
	entryNoSpace   // not written: there was no room
	entryFailed    // not written: the disk would not
	entryTooLate   // not written: its stream could not wait any longer
)

// entry is a segment on the disk, or on its way there.
type entry struct {
	shelf *shelf
	msn   uint64
	size  int64 // in all renditions
	state atomic.Int32

	bodies []*body // by rendition; nil once written
}

// put leaves a whole segment to the disk.
func (s *shelf) put(msn uint64, bodies []*body) *entry {
	e := &entry{shelf: s, msn: msn, bodies: bodies}
	for _, b := range bodies {
		e.size += b.size()
	}
	if !s.disk.leave(task{write: e}) {
		e.state.Store(int32(entryTooLate))
	}
	return e
}

// settled says what has become of e; after that it is written no more.
func (e *entry) settled() entryState {
	if e.state.CompareAndSwap(int32(entryQueued), int32(entryTooLate)) {
		e.bodies = nil // do not wait for a disk that hangs
	}
	if s := entryState(e.state.Load()); s != entryWriting {
		return s
	}
	return entryTooLate
}

// drop removes what is there of e.
func (e *entry) drop() { e.shelf.disk.leave(task{remove: e}) }

// close removes everything of the stream.
func (s *shelf) close() { s.disk.leave(task{clear: s}) }

// condemn tells e's stream to give it up.
func (e *entry) condemn() {
	e.state.Store(int32(entryCondemned))
	for {
		old := e.shelf.condemned.Load()
		if old >= e.msn || e.shelf.condemned.CompareAndSwap(old, e.msn) {
			return
		}
	}
}

func (e *entry) file(rendition int) string {
	return filepath.Join(e.shelf.dir, e.shelf.renditions[rendition], strconv.FormatUint(e.msn, 10)+".m4s")
}

func (e *entry) unlink() {
	for i := range e.shelf.renditions {
		_ = os.Remove(e.file(i))
	}
}
