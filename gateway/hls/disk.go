package hls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// DiskOptions says where older segments go and how much there may be of them.
type DiskOptions struct {
	Dir      string // ours alone: what is found there at start is removed
	MaxBytes int64
	Reserve  int64 // that the file system must have left; default 512 MB

	Logger  *slog.Logger // default: nothing is logged
	Metrics *Metrics     // default: counted, not exposed
}

// maxTasks bounds what waits for a disk that hangs.
const maxTasks = 4096

// Disk keeps the older segments of all streams in files, one for each segment and
// rendition. Nobody waits for it: streams leave it tasks, and look later what has
// become of them.
//
// When MaxBytes or the file system's reserve is near, the streams of the oldest
// segments are told to give them up: those leave the playlists and, when their
// viewers have had time to finish, the disk. When that is not enough the oldest
// are removed at once.
type Disk struct {
	dir          string
	max, reserve int64
	log          *slog.Logger
	metrics      *Metrics
	save         func(file string, chunks [][]byte) error // tests have slower ones
	free         func() (int64, error)

	wake chan struct{}

	mu     sync.Mutex
	tasks  []task               // guarded by mu
	nagged map[string]time.Time // guarded by mu: when a complaint was last logged

	// Of Run's goroutine.
	entries []*entry // in the order they were written, without those that are gone
	used    int64
}

// task is a segment to write or to remove, or with neither a shelf to clear.
type task struct {
	write, remove *entry
	clear         *shelf
}

// OpenDisk finds out whether segments can be written. Run must follow.
func OpenDisk(o DiskOptions) (*Disk, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Reserve == 0 {
		o.Reserve = 512 << 20
	}
	d := &Disk{
		dir: o.Dir, max: o.MaxBytes, reserve: o.Reserve, log: o.Logger, metrics: o.Metrics,
		save: saveFile, wake: make(chan struct{}, 1), nagged: make(map[string]time.Time),
	}
	d.free = d.statfs
	probe := filepath.Join(d.dir, "probe")
	if err := d.save(probe, nil); err != nil {
		return nil, fmt.Errorf("segments that viewers can rewind to cannot be kept: %w", err)
	}
	return d, os.Remove(probe)
}

// Run does what streams leave until ctx ends. It begins and ends with an empty
// directory.
func (d *Disk) Run(ctx context.Context) error {
	d.wipe()
	defer d.wipe()
	for {
		t, ok := d.next(ctx)
		switch {
		case !ok:
			return nil
		case t.write != nil:
			d.write(t.write)
		case t.remove != nil:
			d.remove(t.remove)
		default:
			d.clear(t.clear)
		}
	}
}

// next waits for a task.
func (d *Disk) next(ctx context.Context) (t task, ok bool) {
	for {
		d.mu.Lock()
		if len(d.tasks) > 0 {
			t, d.tasks = d.tasks[0], d.tasks[1:]
			d.mu.Unlock()
			return t, ctx.Err() == nil
		}
		d.mu.Unlock()
		select {
		case <-ctx.Done():
			return task{}, false
		case <-d.wake:
		}
	}
}

// leave leaves a task; false when too many wait.
func (d *Disk) leave(t task) bool {
	d.mu.Lock()
	full := t.write != nil && len(d.tasks) >= maxTasks
	if !full {
		d.tasks = append(d.tasks, t)
	}
	d.mu.Unlock()
	if full {
		return false
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return true
}

// write writes a segment in all renditions.
func (d *Disk) write(e *entry) {
	if !e.state.CompareAndSwap(int32(entryQueued), int32(entryWriting)) {
		return // its stream no longer waits
	}
	d.makeRoom(e.size)
	err := d.saveAll(e)
	for errors.Is(err, syscall.ENOSPC) && len(d.entries) > 0 {
		d.evict(d.entries[0])
		err = d.saveAll(e)
	}
	e.bodies = nil
	if err != nil {
		e.unlink()
		state := entryFailed
		if errors.Is(err, syscall.ENOSPC) {
			state = entryNoSpace
		}
		e.state.Store(int32(state))
		d.complain("a segment cannot be kept for rewinding", "error", err)
		return
	}
	d.entries = append(d.entries, e)
	d.account(e.size)
	e.state.Store(int32(entryStored))
}

func (d *Disk) saveAll(e *entry) error {
	for i, b := range e.bodies {
		if b == nil {
			continue
		}
		if err := d.save(e.file(i), b.chunks); err != nil {
			return err
		}
	}
	return nil
}

// makeRoom sees to it that n more bytes fit.
func (d *Disk) makeRoom(n int64) {
	limit := d.max
	if free, err := d.free(); err == nil {
		limit = min(limit, d.used+free-d.reserve)
	}
	going := int64(0) // of those that have been told to go
	for _, e := range d.entries {
		if d.used-going+n <= limit-limit/16 {
			break
		}
		going += e.size
		e.condemn()
	}
	if going > 0 {
		d.complain("space for rewinding is short: viewers can go back less far", "used_bytes", d.used, "limit_bytes", max(0, limit))
	}
	for len(d.entries) > 0 && d.used+n > limit {
		d.evict(d.entries[0])
	}
}

// evict removes a segment although players may still ask for it.
func (d *Disk) evict(e *entry) {
	e.condemn()
	d.remove(e)
}

// remove removes a segment's files.
func (d *Disk) remove(e *entry) {
	i := slices.Index(d.entries, e) // most often the first
	if i < 0 {
		return
	}
	if i == 0 {
		d.entries[0] = nil
		d.entries = d.entries[1:]
	} else {
		d.entries = slices.Delete(d.entries, i, i+1)
	}
	e.unlink()
	d.account(-e.size)
}

// clear removes everything of a stream.
func (d *Disk) clear(s *shelf) {
	rest := d.entries[:0]
	for _, e := range d.entries {
		if e.shelf == s {
			d.used -= e.size
		} else {
			rest = append(rest, e)
		}
	}
	clear(d.entries[len(rest):])
	d.entries = rest
	d.account(0)
	if err := os.RemoveAll(s.dir); err != nil {
		d.complain("segments cannot be removed", "error", err)
	}
	_ = os.Remove(filepath.Dir(s.dir)) // of the session, if that was its last stream
}

func (d *Disk) account(n int64) {
	d.used += n
	d.metrics.rewindBytes.Set(float64(d.used))
}

// complain logs what an operator should do something about, but not for every
// segment.
func (d *Disk) complain(text string, args ...any) {
	d.mu.Lock()
	again := time.Since(d.nagged[text]) < time.Minute
	if !again {
		d.nagged[text] = time.Now()
	}
	d.mu.Unlock()
	if !again {
		d.log.Warn("hls: "+text, append(args, "dir", d.dir, "hint", "free some space, raise hls.disk_mb or shorten hls.window")...)
	}
}

func (d *Disk) wipe() {
	names, err := filepath.Glob(filepath.Join(d.dir, "*"))
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(name))
	}
	if err != nil {
		d.complain("segments cannot be removed", "error", err)
	}
	d.entries, d.used = nil, 0
	d.account(0)
}

func (d *Disk) statfs() (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// saveFile writes a file that is there whole or not at all.
func saveFile(file string, chunks [][]byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		if _, err = f.Write(c); err != nil {
			break
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(file+".part", file)
	}
	if err != nil {
		_ = os.Remove(file + ".part")
	}
	return err
}
