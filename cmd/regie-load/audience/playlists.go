package audience

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/regie-live/regie/cmd/regie-load/m3u8"
)

// maxLists is how many playlists are remembered: viewers at the live edge ask for
// the same one within moments.
const maxLists = 64

// playlists reads each distinct playlist once, whoever loads it. It recognises
// them by all their bytes, as sent.
type playlists struct {
	mu    sync.Mutex
	known map[string]*m3u8.Media
	order []string // oldest first
}

func newPlaylists() *playlists { return &playlists{known: map[string]*m3u8.Media{}} }

// media gives what the body says. Nobody changes it.
func (p *playlists) media(body []byte, zipped bool) (*m3u8.Media, error) {
	p.mu.Lock()
	m := p.known[string(body)]
	p.mu.Unlock()
	if m != nil {
		return m, nil
	}
	text, err := plain(body, zipped)
	if err != nil {
		return nil, err
	}
	if m, err = m3u8.ParseMedia(text); err != nil {
		return nil, err
	}
	key := string(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[key] == nil {
		p.known[key] = m
		p.order = append(p.order, key)
		if len(p.order) > maxLists {
			delete(p.known, p.order[0])
			p.order = append(p.order[:0], p.order[1:]...)
		}
	}
	return m, nil
}

// plain unpacks a text of up to 8 MB.
func plain(body []byte, zipped bool) (string, error) {
	if !zipped {
		return string(body), nil
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	const most = 8 << 20
	if n, err := io.Copy(&b, io.LimitReader(r, most+1)); err != nil {
		return "", err
	} else if n > most {
		return "", fmt.Errorf("a text of more than %d bytes", most)
	}
	return b.String(), nil
}
