package fonts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func names(list []File) (all []string) {
	for _, f := range list {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return all
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	own, system := filepath.Join(dir, "own"), filepath.Join(dir, "system")
	data := bytes.Repeat([]byte("font"), 100)
	put(t, filepath.Join(own, "Same.ttf"), data)
	put(t, filepath.Join(system, "truetype/deep/er/Same.ttf"), bytes.Repeat([]byte("other"), 100))
	put(t, filepath.Join(system, "truetype/A.TTF"), data)
	put(t, filepath.Join(system, "opentype/B.otf"), data)
	put(t, filepath.Join(system, "opentype/C.ttc"), data)
	put(t, filepath.Join(system, "fonts.cache"), data)
	put(t, filepath.Join(system, "Empty.ttf"), nil)
	large, err := os.Create(filepath.Join(system, "Large.ttf"))
	if err == nil {
		err = large.Truncate(mostBytes + 1)
	}
	if err == nil {
		err = large.Close()
	}
	if err == nil {
		err = unix.Mkfifo(filepath.Join(system, "Pipe.ttf"), 0o600)
	}
	if err == nil {
		err = os.Symlink(filepath.Join(system, "opentype/B.otf"), filepath.Join(system, "Link.otf"))
	}
	if err == nil {
		err = os.Symlink(filepath.Join(dir, "nothing"), filepath.Join(system, "Broken.otf"))
	}
	if err == nil {
		err = os.Symlink(system, filepath.Join(system, "circle"))
	}
	if err != nil {
		t.Fatal(err)
	}
	got := Find([]string{own, filepath.Join(dir, "missing"), system}, time.Minute)
	if want := []string{"A.TTF", "B.otf", "C.ttc", "Link.otf", "Same.ttf"}; !slices.Equal(names(got), want) {
		t.Errorf("found %v, want %v", names(got), want)
	}
	for _, f := range got {
		if !bytes.Equal(f.Data, data) {
			t.Errorf("%s begins %q", f.Name, f.Data[:8])
		}
	}
	if got := Find([]string{own, system}, -time.Second); len(got) != 0 {
		t.Errorf("found %v when the time was over", names(got))
	}
}

func TestFindBounded(t *testing.T) {
	dir := t.TempDir()
	data := bytes.Repeat([]byte("font"), 100)
	for i := range mostFiles + 10 {
		put(t, filepath.Join(dir, fmt.Sprintf("%04d.ttf", i)), data)
	}
	if got := Find([]string{dir}, time.Minute); len(got) != mostFiles {
		t.Errorf("%d files", len(got))
	}
}

// TestInstalled: what deploy/setup.sh installs is found.
func TestInstalled(t *testing.T) {
	got := names(Find(Folders(), time.Minute))
	for _, want := range []string{"NotoSansDevanagari-Regular.ttf", "NotoSansArabic-Bold.ttf", "wqy-microhei.ttc"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among the %d fonts of this machine", want, len(got))
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for b.Loop() {
		for _, f := range Find(Folders(), time.Minute) {
			_ = unix.Munmap(f.Data)
		}
	}
}
