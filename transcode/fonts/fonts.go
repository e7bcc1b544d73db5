// Package fonts finds the fonts that are installed on this machine, for a process that
// can open no files later.
//
// It guarantees:
//   - Finding reads folders, and maps files without reading them: a few milliseconds
//     for the several hundred fonts of a desktop. It ends in time and within bounds,
//     whatever the folders hold; what was found until then counts.
//   - The data is a mapping that is never written to: processes share its memory, and
//     what nobody looks at takes none. It stays for the life of the process.
//   - A file that cannot be opened, or is no font by its name or size, is passed over.
package fonts

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of a search: Debian's largest set of fonts has a thousand files, its largest
// file 20 MB.
const (
	mostFiles   = 1000
	mostEntries = 20000
	mostBytes   = 64 << 20
	leastBytes  = 256
)

// File is a font's file.
type File struct {
	Name string // without its folder
	Data []byte
}

// Folders are where fonts are usually installed, the operator's own first.
func Folders() []string {
	var list []string
	if home, err := os.UserHomeDir(); err == nil {
		list = append(list, filepath.Join(home, ".local/share/fonts"), filepath.Join(home, ".fonts"))
	}
	return append(list, "/usr/local/share/fonts", "/usr/share/fonts")
}

// Find maps the fonts below folders, and stops when the time is over. Of files with
// the same name the first counts.
func Find(folders []string, within time.Duration) []File {
	s := search{until: time.Now().Add(within), names: map[string]bool{}}
	for _, dir := range folders {
		if root, err := filepath.EvalSymlinks(dir); err == nil {
			_ = filepath.WalkDir(root, s.visit) // it passes over what cannot be read
		}
	}
	return s.found
}

type search struct {
	until   time.Time
	entries int
	names   map[string]bool
	found   []File
}

func (s *search) visit(path string, d fs.DirEntry, err error) error {
	s.entries++
	if s.entries > mostEntries || len(s.found) >= mostFiles || time.Now().After(s.until) {
		return filepath.SkipAll
	}
	name := filepath.Base(path)
	if err != nil || d.IsDir() || s.names[name] || !slices.Contains([]string{".ttf", ".otf", ".ttc", ".otc"}, strings.ToLower(filepath.Ext(name))) {
		return nil
	}
	if data := mapped(path); data != nil {
		s.names[name] = true
		s.found = append(s.found, File{name, data})
	}
	return nil
}

// mapped is a file's content; nil if it cannot be one of a font. A pipe or a device
// does not keep it waiting.
func mapped(path string) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }() // the mapping stays
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Size < leastBytes || stat.Size > mostBytes {
		return nil
	}
	data, err := unix.Mmap(fd, 0, int(stat.Size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	return data
}
