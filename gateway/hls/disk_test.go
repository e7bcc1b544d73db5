package hls

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestDiskIsShared: of several sessions the oldest segments go first, whose ever
// they are; what an earlier process left goes at start, everything in the end.
func TestDiskIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		left := filepath.Join(dir, "old", "epoch", "360p", "1.m4s")
		if err := saveFile(left, [][]byte{{1}}); err != nil {
			t.Fatal(err)
		}
		r := rewind(t, time.Hour, DiskOptions{Dir: dir}, func(d *Disk) { d.max = 500_000 })
		synctest.Wait()
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what an earlier process left: %v", err)
		}
		for range 50 {
			r.segment()
		}
		o := slowOptions()
		o.Session, o.Window, o.Disk = "other", time.Hour, r.disk
		other := newSource(t, o)
		for range 80 {
			other.frames(20)
			r.segment()
		}
		l := check(t, other.get(playlistPath).Body.String())
		if n := len(l.segments); n < len(r.last.segments)-3 || n > len(r.last.segments)+3 || l.sequence == 1 {
			t.Errorf("%d and %d segments listed", len(r.last.segments), n)
		}
		r.stop()
		if n, _ := files(t, dir); n > 0 {
			t.Errorf("%d files in the end", n)
		}
	})
}
