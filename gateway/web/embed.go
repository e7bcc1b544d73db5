package web

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/show"
)

// embedWidth is how wide a player is that nobody gave a width.
const embedWidth = 640

// framed lets pages of other sites show what it answers in a frame.
func framed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors *", 1))
		next(w, r)
	}
}

// embed is the player alone, for a frame.
func (s *site) embed(w http.ResponseWriter, r *http.Request) {
	session, slot, sch, ok := s.find(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, pageEmbed, func(c *catalogue) view {
		return view{
			Bare: true, Title: session.Title + " · Regie", Session: session,
			Head:  sessionHead(c, sch, slot, session, front.Origin(r)),
			State: state{Sessions: []show.SessionView{session}, Session: session.ID},
		}
	})
}

// find is the session that a page is about, and its place in the schedule.
func (s *site) find(r *http.Request) (v show.SessionView, slot *show.Slot, sch show.Schedule, ok bool) {
	id := show.SessionID(r.PathValue("id"))
	if v, ok = s.sessions.Get(id); !ok {
		return v, nil, sch, false
	}
	sch, _ = s.schedule()
	for i := range sch.Slots {
		if sch.Slots[i].Session == id {
			slot = &sch.Slots[i]
		}
	}
	return v, slot, sch, true
}

// oembedAnswer is a "video" of oEmbed 1.0 (oembed.com, section 2.3.4.2).
type oembedAnswer struct {
	Version      string `json:"version"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	AuthorName   string `json:"author_name,omitempty"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     string `json:"cache_age"`
	Width        int    `json:"width"`
	Height       int    `json:"height"`
	HTML         string `json:"html"`
}

// oembed answers how to embed a session's page.
func (s *site) oembed(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if f := q.Get("format"); f != "" && f != "json" {
		http.Error(w, "This oEmbed provider answers in JSON only: leave format away, or say format=json.", http.StatusNotImplemented)
		return
	}
	id, err := embeddable(q.Get("url"), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	session, ok := s.sessions.Get(id)
	if !ok {
		http.Error(w, "There is no session at that address; / lists those of this appliance.", http.StatusNotFound)
		return
	}
	base := front.Origin(r)
	width, height := fit(session, atMost(q, "maxwidth"), atMost(q, "maxheight"))
	answer := oembedAnswer{
		Version: "1.0", Type: "video", Title: session.Title, ProviderName: "Regie", ProviderURL: base + "/",
		CacheAge: "300", Width: width, Height: height,
		HTML: embedCode(base, session, width, height),
	}
	if sch, ok := s.schedule(); ok {
		answer.ProviderName = sch.Name
	}
	if len(session.Participants) > 0 {
		answer.AuthorName = session.Participants[0].Name
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*") // editors ask from their own page; all of it is public
	w.Header().Set("Cache-Control", "public, max-age=300")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(true)
	_ = encoder.Encode(answer) // the client has gone: nothing is left to do
}

// embedCode is what people paste into their own page.
func embedCode(base string, s show.SessionView, width, height int) string {
	return fmt.Sprintf(`<iframe src="%s/embed/%s" width="%d" height="%d" title="%s" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen loading="lazy"></iframe>`,
		html.EscapeString(base), html.EscapeString(string(s.ID)), width, height, html.EscapeString(s.Title))
}

// embeddable reads the session out of the address of its page on this server.
func embeddable(address, host string) (show.SessionID, error) {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("Say which page to embed: /oembed?url=, then the whole address of a session, escaped.") //nolint:staticcheck // a sentence for people
	}
	if !strings.EqualFold(u.Host, host) {
		return "", fmt.Errorf("Pages of %.100s are not ours to embed.", u.Host) //nolint:staticcheck // as above
	}
	for _, prefix := range []string{"/s/", "/embed/"} {
		if id, ok := strings.CutPrefix(u.Path, prefix); ok && !strings.Contains(id, "/") {
			return show.SessionID(id), nil
		}
	}
	return "", fmt.Errorf("Only sessions can be embedded: their address is /s/, then the session.") //nolint:staticcheck // as above
}

// atMost reads a limit in pixels; 0 is none.
func atMost(q url.Values, name string) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// fit gives a player the program's shape within limits.
func fit(s show.SessionView, maxWidth, maxHeight int) (width, height int) {
	w, h := s.Width, s.Height
	if w == 0 || h == 0 {
		w, h = 16, 9
	}
	width = embedWidth
	if w < h {
		width = embedWidth * 9 / 16
	}
	if maxWidth > 0 {
		width = min(width, maxWidth)
	}
	if maxHeight > 0 {
		width = min(width, max(1, maxHeight*w/h))
	}
	return width, max(1, width*h/w)
}
