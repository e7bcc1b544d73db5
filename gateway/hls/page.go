package hls

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// page is a playlist's text, for whoever asks for "now" and for whoever waited
// for it: that one caches longer.
type page struct{ now, awaited text }

func (p *page) pick(awaited, gzip bool) *body {
	if awaited {
		return p.awaited.pick(gzip)
	}
	return p.now.pick(gzip)
}

// newPage makes a playlist's bodies.
func newPage(tag string, plain, zipped []byte) *page {
	return &page{
		now:     newText(tag, cacheNow, plain, zipped),
		awaited: newText(tag, cacheAwaited, plain, zipped),
	}
}

// draft is a playlist that nobody has asked for yet. The first viewer who does
// writes it, and those who come meanwhile wait for that; the writer never does.
// Few ask: players that follow a stream fetch the newer kind of delta updates.
type draft struct {
	view      view
	rendition int
	kind      playlistKind
	tag       string

	plain, zipped sync.Once
	page          page // set by plain and zipped
}

func (d *draft) pick(awaited, gzip bool, zip *compressors) *body {
	d.plain.Do(func() {
		p := newPage(d.tag, d.view.render(d.rendition, d.kind), nil)
		d.page.now.plain, d.page.awaited.plain = p.now.plain, p.awaited.plain
	})
	if gzip {
		d.zipped.Do(func() {
			p := newPage(d.tag, nil, zip.gzip(d.page.now.plain.chunks[0]))
			d.page.now.gzip, d.page.awaited.gzip = p.now.gzip, p.awaited.gzip
		})
	}
	return d.page.pick(awaited, gzip)
}

// playlists is what there is to say of one rendition at one moment.
type playlists struct {
	full, delta *draft
	delta2      *page // nil while there is nothing to skip, and in the end
}

func (p *playlists) pick(kind playlistKind, awaited, gzip bool, zip *compressors) *body {
	switch {
	case kind == fullPlaylist || p.delta2 == nil:
		return p.full.pick(awaited, gzip, zip)
	case kind == deltaUpdate:
		return p.delta.pick(awaited, gzip, zip)
	}
	return p.delta2.pick(awaited, gzip)
}

// compressors are shared by all who compress; one weighs 800 kB.
type compressors struct{ pool sync.Pool }

func (c *compressors) gzip(b []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(b)/4 + 64)
	w, ok := c.pool.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(&out)
	} else {
		w.Reset(&out)
	}
	// A bytes.Buffer takes everything: neither call can fail.
	_, _ = w.Write(b)
	_ = w.Close()
	c.pool.Put(w)
	return out.Bytes()
}
