package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// buildCommand is what an operator runs to get the pages.
const buildCommand = "make build"

// manifest is what build.mjs says of its output.
type manifest struct {
	// Entries maps a source ("watch.tsx", "favicon.svg") to what was built of it.
	Entries map[string]entry `json:"entries"`
	// Files maps the name of every built file to its sizes in bytes.
	Files map[string]sizes `json:"files"`
	// StyleHashes are CSP sources, "sha256-…", of the inline styles that the
	// player's controls bring.
	StyleHashes []string `json:"styleHashes"`
}

type entry struct {
	File    string   `json:"file"`
	Preload []string `json:"preload"` // scripts that it will ask for at once
}

type sizes struct {
	Raw    int `json:"raw"`
	Gzip   int `json:"gz"` // 0: compressing does not help
	Brotli int `json:"br"`
}

// asset is one built file, in memory, with its compressed forms.
type asset struct {
	contentType       string
	raw, gzip, brotli []byte
}

// assets are the built files. The zero of it, when nothing is built, has none.
type assets struct {
	manifest manifest
	files    map[string]asset
}

func (a *assets) built() bool { return len(a.manifest.Entries) > 0 }

// loadAssets always returns assets to work with; the error says why there are
// none.
func loadAssets(built fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	text, err := fs.ReadFile(built, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return a, errors.New("dist/ holds no manifest.json")
	}
	if err != nil {
		return a, err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return a, fmt.Errorf("dist/manifest.json: %w", err)
	}
	files := make(map[string]asset, len(m.Files))
	for name, size := range m.Files {
		f := asset{contentType: contentType(name)}
		for _, form := range []struct {
			suffix string
			size   int
			body   *[]byte
		}{{"", size.Raw, &f.raw}, {".gz", size.Gzip, &f.gzip}, {".br", size.Brotli, &f.brotli}} {
			if form.size == 0 {
				continue
			}
			if *form.body, err = fs.ReadFile(built, "assets/"+name+form.suffix); err != nil {
				return a, fmt.Errorf("dist/ is not whole, build it again: %w", err)
			}
		}
		files[name] = f
	}
	return &assets{manifest: m, files: files}, nil
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".woff2":
		return "font/woff2" // not in every machine's table
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// url is where a page finds what was built from a source, "" when nothing was.
func (a *assets) url(source string) string {
	e, ok := a.manifest.Entries[source]
	if !ok {
		return ""
	}
	return "/assets/" + e.File
}

// preload is where a page finds the scripts that a source will ask for.
func (a *assets) preload(source string) []string {
	var urls []string
	for _, file := range a.manifest.Entries[source].Preload {
		urls = append(urls, "/assets/"+file)
	}
	return urls
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "This file is of another version of Regie. Load the page again.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.raw
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case f.brotli != nil && accepts(accepted, "br"):
		body = f.brotli
		h.Set("Content-Encoding", "br")
	case f.gzip != nil && accepts(accepted, "gzip"):
		body = f.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client has gone: nothing is left to do
}

// accepts reads Accept-Encoding (RFC 9110 §12.5.3). A coding counts when it is
// named and its weight is not zero; "*" is not worth a special case.
func accepts(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, q := weighted(item)
		if name == coding {
			return q > 0
		}
	}
	return false
}

// weighted splits "fr-CH;q=0.8" into its name, in lower case, and its weight,
// which is 1 when it is absent and 0 when it is no number from 0 to 1.
func weighted(item string) (name string, q float64) {
	name, params, _ := strings.Cut(item, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	key, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), "q") {
		return name, 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return name, 0
	}
	return name, q
}
