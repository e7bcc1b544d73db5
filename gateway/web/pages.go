package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/show"
)

//go:embed templates
var templateFiles embed.FS

// site answers requests for pages.
type site struct {
	sessions Sessions
	visitors Visitors
	event    Event
	encoders func() Encoders
	log      *slog.Logger
	assets   *assets
	pages    map[lang]*pages
}

// pages are the templates in one language.
type pages struct {
	words     *catalogue
	templates map[string]*template.Template
}

// page is what a page is made of.
type page struct {
	template string
	script   string   // the entry that brings it to life; may be ""
	later    string   // a stylesheet that its script switches on when the page is idle; may be ""
	style    string   // a second stylesheet, for what viewers need not load; may be ""
	words    []string // the groups of messages that its script shows
}

var (
	pageHome     = page{template: "home", script: "home.tsx", words: audienceWords}
	pageWatch    = page{template: "watch", script: "watch.tsx", later: "room.css", words: append([]string{"api", "live", "watch"}, audienceWords...)}
	pageNotFound = page{template: "notfound"}
	pageNotBuilt = page{template: "notbuilt"}
)

func allPages() []page {
	return slices.Concat([]page{pageHome, pageWatch, pageNotFound, pageNotBuilt, pageMod}, eventPages(), officePages(), studioPages())
}

// audienceWords are what viewers may read.
var audienceWords = []string{
	"badge", "controls", "elsewhere", "fellBack", "home", "keys", "people", "phase",
	"quality", "reach", "role", "screen", "share", "stage", "watching",
}

func loadPages(a *assets) map[lang]*pages {
	all := map[lang]*pages{}
	for _, l := range languages() {
		words := loadCatalogue(l)
		functions := template.FuncMap{
			"t":        words.text,
			"watching": func(n int) string { return words.count("watching", n) },
			"people":   words.people,
			"initial":  initial,
			"file":     a.url,
			"preload":  a.preload,
		}
		p := &pages{words: words, templates: map[string]*template.Template{}}
		for _, page := range allPages() {
			p.templates[page.template] = template.Must(template.New(page.template).Funcs(functions).
				ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/event-parts.html", "templates/"+page.template+".html"))
		}
		all[l] = p
	}
	return all
}

// view is what a template shows.
type view struct {
	Lang, Other lang
	Script      string
	Style       string
	Later       string
	Title       string
	Description string
	Path        string // of the page, for the language switch
	State       state
	Session     show.SessionView // the one that the page is about
	Programme   programme
	Event       *eventView
	Today       []*slotView // the programme of the day of Session; nil: it has no time
	Head        *head
	Bare        bool   // for a frame: no header, no footer
	Build       string // a command, on the page that asks for it
	Heading     string
	Hint        string
}

// state is what the scripts start from: it stands in the page as JSON.
type state struct {
	Lang     lang               `json:"lang"`
	Messages map[string]string  `json:"messages,omitempty"`
	Sessions []show.SessionView `json:"sessions"`
	Session  show.SessionID     `json:"session,omitempty"` // the one that the page is about
	Encoders *Encoders          `json:"encoders,omitempty"`
	Schedule *leanSchedule      `json:"schedule,omitempty"`

	Invitation *invitation `json:"invitation,omitempty"`
}

// programme sorts the sessions for the home page. First is what a visitor most
// likely came for: on air, else planned, else ended.
type programme struct {
	All      []show.SessionView
	Current  show.SessionID // the one that the page is about; may be ""
	First    *show.SessionView
	AlsoLive []show.SessionView
}

func arrange(all []show.SessionView, current show.SessionID) programme {
	p := programme{All: all, Current: current}
	for _, phase := range []show.Phase{show.Live, show.Planned, show.Ended} {
		for i, v := range all {
			switch {
			case v.Phase != phase:
			case p.First == nil:
				p.First = &all[i]
			case phase == show.Live:
				p.AlsoLive = append(p.AlsoLive, v)
			}
		}
	}
	return p
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	sessions := s.sessions.List()
	s.render(w, r, http.StatusOK, pageHome, func(c *catalogue) view {
		return view{
			Title:       c.text("home.title") + " · Regie",
			Description: c.text("home.description"),
			State:       state{Sessions: sessions},
			Programme:   arrange(sessions, ""),
		}
	})
}

func (s *site) watch(w http.ResponseWriter, r *http.Request) {
	session, slot, sch, ok := s.find(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	sessions := s.sessions.List()
	s.render(w, r, http.StatusOK, pageWatch, func(c *catalogue) view {
		v := view{
			Head:        sessionHead(c, sch, slot, session, front.Origin(r)),
			Title:       session.Title + " · Regie",
			Description: c.text("watch.description", "title", session.Title),
			State:       state{Sessions: sessions, Session: session.ID},
			Session:     session,
			Programme:   arrange(sessions, session.ID),
		}
		if slot != nil && slot.Planned() {
			v.Today = dayOf(c, sch, *slot)
			v.State.Schedule = lean(sch)
		}
		return v
	})
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusNotFound, pageNotFound, func(c *catalogue) view {
		return view{Title: c.text("notFound.title") + " · Regie"}
	})
}

// render writes a page in the visitor's language, or 304 when the visitor has
// it already.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, pg page, fill func(*catalogue) view) {
	l, asked := chooseLanguage(r)
	p := s.pages[l]
	v := fill(p.words)
	if !s.assets.built() {
		pg, status = pageNotBuilt, http.StatusServiceUnavailable
		v = view{Title: p.words.text("notBuilt.title"), Build: buildCommand}
	}
	v.Lang, v.Other, v.Path = l, l.other(), r.URL.Path
	v.Script, v.Style, v.Later = pg.script, pg.style, pg.later
	v.State.Lang, v.State.Messages = l, p.words.of(pg.words)

	var body bytes.Buffer
	if err := p.templates[pg.template].ExecuteTemplate(&body, "layout", v); err != nil {
		s.log.Error("web: a page could not be written", "page", pg.template, "error", err)
		http.Error(w, "The server could not write this page. Its log says why.", http.StatusInternalServerError)
		return
	}
	if asked {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	writePage(w, r, status, body.Bytes())
}

func writePage(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Language, Cookie")
	if status == http.StatusOK {
		sum := sha256.Sum256(body)
		etag := `"` + hex.EncodeToString(sum[:9]) + `"`
		h.Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nothing is left to do
}

// people names who is on stage: "Ana with Théo and Mei". The scripts write the
// same sentence when it changes.
func (c *catalogue) people(v show.SessionView) string {
	if len(v.Participants) == 0 {
		return ""
	}
	names := make([]string, len(v.Participants))
	for i, p := range v.Participants {
		names[i] = p.Name
	}
	if len(names) == 1 {
		return names[0]
	}
	return c.text("people.with", "host", names[0], "guests", c.list(names[1:]))
}

// initial is the first letter of a name, for its disc.
func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}

// Ratio is the shape of the program as CSS classes name it. Boxes take it
// before the first picture, so that nothing moves when it comes.
func (v view) Ratio() string {
	if v.Session.Height > v.Session.Width {
		return "portrait"
	}
	return "landscape"
}
