package hls

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// body is a whole response, made once and then only read. The header values are
// ready to be put into an http.Header, so that answering allocates nothing.
type body struct {
	status int
	chunks [][]byte // written one after the other
	file   string   // instead of chunks: where the bytes are
	length int64
	header []field
	etag   string // also in header
}

type field struct {
	name  string // in canonical form
	value []string
}

// Cache lifetimes. Media at an address never changes. Of a playlist, "now" is good
// for as long as caches can count, a second. One that was waited for holds what was
// asked for however old it is; but all ask within a second or so, whoever comes
// later is better served with what there is then, and a session that begins anew
// numbers its segments as before, so it lives for two (Apple would let it live for
// six target durations). must-revalidate: caches otherwise may serve a playlist
// after its time when the origin is away or slow (RFC 9111 section 4.2.4).
const (
	cacheMedia   = "public, max-age=3600, immutable"
	cacheNow     = "public, max-age=1, must-revalidate"
	cacheAwaited = "public, max-age=2, must-revalidate"
	cacheSoon    = "public, max-age=1" // an error that may be over in a moment
	cacheNothing = "no-store"
)

const (
	typePlaylist = "application/vnd.apple.mpegurl" // RFC 8216bis section 10
	typeMedia    = "video/mp4"
	typeProblem  = "application/problem+json" // RFC 9457
)

// newBody lays out a response; extra are pairs of header name and value.
func newBody(status int, contentType, cache, etag string, chunks [][]byte, extra ...string) *body {
	n := 0
	for _, c := range chunks {
		n += len(c)
	}
	b := &body{status: status, chunks: chunks, length: int64(n), etag: etag}
	add := func(name, value string) { b.header = append(b.header, field{name, []string{value}}) }
	add("Content-Type", contentType)
	add("Content-Length", strconv.Itoa(n))
	add("Cache-Control", cache)
	add("Accept-Ranges", "none")
	add("Access-Control-Allow-Origin", "*")
	add("Access-Control-Expose-Headers", "Age, Date, Etag") // players correct their clock by these
	if etag != "" {
		add("Etag", etag)
	}
	for i := 0; i+1 < len(extra); i += 2 {
		add(extra[i], extra[i+1])
	}
	return b
}

// newMedia is a body that may be cached for ever.
func newMedia(etag string, chunks ...[]byte) *body {
	return newBody(http.StatusOK, typeMedia, cacheMedia, etag, chunks)
}

// newFile is what b is, with its bytes in a file.
func newFile(b *body, file string) *body {
	return &body{status: b.status, header: b.header, etag: b.etag, length: b.length, file: file}
}

// size is how many bytes a body has.
func (b *body) size() int64 {
	if b == nil {
		return 0
	}
	return b.length
}

// text is a playlist in both its encodings.
type text struct{ plain, gzip *body }

// newText makes a playlist's bodies. The encodings are different bytes and
// therefore have different entity tags (RFC 9110 section 8.8.3).
func newText(tag, cache string, plain, zipped []byte) text {
	return text{
		plain: newBody(http.StatusOK, typePlaylist, cache, `"`+tag+`"`, [][]byte{plain},
			"Vary", "Accept-Encoding"),
		gzip: newBody(http.StatusOK, typePlaylist, cache, `"`+tag+`-gz"`, [][]byte{zipped},
			"Vary", "Accept-Encoding", "Content-Encoding", "gzip"),
	}
}

func (t *text) pick(gzip bool) *body {
	if gzip {
		return t.gzip
	}
	return t.plain
}

// write answers a request with b. It reports false, with nothing written, when the
// file is gone.
func (b *body) write(w http.ResponseWriter, r *http.Request) bool {
	var from *os.File
	if b.file != "" {
		var err error
		if from, err = b.open(); err != nil {
			return false
		}
		defer from.Close()
	}
	h := w.Header()
	if b.etag != "" && matches(r.Header["If-None-Match"], b.etag) {
		for _, f := range b.header {
			if f.name != "Content-Length" && f.name != "Content-Type" && f.name != "Content-Encoding" {
				h[f.name] = f.value
			}
		}
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	for _, f := range b.header {
		h[f.name] = f.value
	}
	w.WriteHeader(b.status)
	if r.Method == http.MethodHead {
		return true
	}
	if from != nil {
		_, _ = io.Copy(w, from) // by sendfile; an error says that the viewer has left
		return true
	}
	for _, c := range b.chunks {
		if _, err := w.Write(c); err != nil {
			break // the viewer has left
		}
	}
	return true
}

// open opens the file of a body, if it is there and whole.
func (b *body) open() (*os.File, error) {
	f, err := os.Open(b.file)
	if err != nil {
		return nil, err
	}
	if at, err := f.Stat(); err != nil || at.Size() != b.length {
		return nil, errors.Join(fmt.Errorf("%s is not whole", b.file), err, f.Close())
	}
	return f, nil
}

// matches says whether an If-None-Match header names etag (RFC 9110 section
// 13.1.2; a weak tag compares equal to its strong one).
func matches(header []string, etag string) bool {
	for _, line := range header {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == etag || tag == "*" {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3). Only a weight of
// zero matters to us: the playlists are ready in both forms, and gzip is smaller.
func acceptsGzip(header []string) bool {
	for _, line := range header {
		for coding := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			name = strings.TrimSpace(name)
			if !strings.EqualFold(name, "gzip") && name != "*" {
				continue
			}
			q, weighted := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			return !weighted || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
