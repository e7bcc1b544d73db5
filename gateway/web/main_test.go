package web

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

func TestMain(m *testing.M) {
	// centrifuge forgets an empty channel a second after it was left.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge.(*Node).unsubscribeFromBrokerWhenEmpty.func1"), goleak.Cleanup(func(code int) {
		if clipFolder != "" {
			os.RemoveAll(clipFolder)
		}
		os.Exit(code)
	}))
}

// programmeOf is a gateway that knows these sessions.
type programmeOf []show.SessionView

func (p programmeOf) List() []show.SessionView { return p }

func (p programmeOf) Get(id show.SessionID) (show.SessionView, bool) {
	i := slices.IndexFunc(p, func(v show.SessionView) bool { return v.ID == id })
	if i < 0 {
		return show.SessionView{}, false
	}
	return p[i], true
}

// session is one with a host and guests, all of them on air when it is live.
func session(id show.SessionID, title string, phase show.Phase, names ...string) show.SessionView {
	s := show.Session{ID: id, Title: title}
	var onAir []show.ParticipantID
	for i, name := range names {
		role := show.Guest
		if i == 0 {
			role = show.Host
		}
		s.Participants = append(s.Participants, show.Participant{ID: show.ParticipantID(name), Name: name, Role: role})
		if phase == show.Live {
			onAir = append(onAir, show.ParticipantID(name))
		}
	}
	return show.NewSessionView(s, phase, onAir)
}

// fakeBuild is what build.mjs would make of very small sources.
func fakeBuild() fs.FS {
	return fstest.MapFS{
		"manifest.json": {Data: []byte(`{
			"entries": {
				"app.css": {"file": "app-A1.css"}, "home.tsx": {"file": "home-B2.js"},
				"watch.tsx": {"file": "watch-C3.js", "preload": ["player-D4.js"]}},
			"files": {
				"app-A1.css": {"raw": 4}, "home-B2.js": {"raw": 4},
				"watch-C3.js": {"raw": 5, "gz": 2, "br": 2}, "player-D4.js": {"raw": 6}},
			"styleHashes": ["sha256-abc="]}`)},
		"assets/app-A1.css":     {Data: []byte("css{")},
		"assets/home-B2.js":     {Data: []byte("home")},
		"assets/watch-C3.js":    {Data: []byte("watch")},
		"assets/watch-C3.js.gz": {Data: []byte("gz")},
		"assets/watch-C3.js.br": {Data: []byte("br")},
		"assets/player-D4.js":   {Data: []byte("player")},
	}
}

func siteOf(built fs.FS, sessions ...show.SessionView) http.Handler {
	return newHandler(Options{Sessions: programmeOf(sessions), Logger: slog.New(slog.DiscardHandler)}, built)
}

func get(t *testing.T, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
