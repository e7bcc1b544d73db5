package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

// The pages in a real browser (Debian's chromium), on a stream that ffmpeg
// coded. What gateway/hls and gateway/whep send is proved in gateway/e2e.

// patience is how long a state may take to come on a busy machine.
const patience = 20 * time.Second

// eventServer is an appliance with one session whose phase the test sets.
type eventServer struct {
	*httptest.Server
	stream *liveStream
	room   *fakeRoom

	mu    sync.Mutex
	phase show.Phase
	whep  http.HandlerFunc
}

func newEventServer(t *testing.T, phase show.Phase) *eventServer {
	t.Helper()
	built(t) // says what to do when there is none
	s := &eventServer{stream: newLiveStream(t), room: newFakeRoom(startRoomHub(t)), phase: phase, whep: http.NotFound}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/sessions", s.serveSessions)
	mux.HandleFunc("POST /api/v1/beacon", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/live/studio/whep", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		handle := s.whep
		s.mu.Unlock()
		handle(w, r)
	})
	mux.Handle("/live/studio/", http.StripPrefix("/live/studio", s.stream))
	mux.Handle("/", Handler(Options{Sessions: s, Logger: slog.New(slog.DiscardHandler)}))
	mux.Handle("/api/v1/events", s.room.hub.Handler())
	s.Server = httptest.NewServer(s.room.mount(mux))
	t.Cleanup(s.Close)
	return s
}

func (s *eventServer) List() []show.SessionView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []show.SessionView{
		session("bread", "Sourdough, slowly", show.Ended, "Kim"),
		session("studio", "Glaze day: five mugs, one kiln", s.phase, "Ana", "Théo", "Mei"),
		session("ink", "Ink and nib", show.Planned, "Lou"),
	}
}

func (s *eventServer) Get(id show.SessionID) (show.SessionView, bool) {
	return programmeOf(s.List()).Get(id)
}

func (s *eventServer) set(phase show.Phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phase
}

func (s *eventServer) setWHEP(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whep = h
}

// tab is a page in the browser and what it complained of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// browser is one that lives as long as the test; its tabs share it.
type browser struct{ ctx context.Context }

// startBrowser starts one with a camera and a microphone that say yes; flags differ.
func startBrowser(t *testing.T, flags ...chromedp.ExecAllocatorOption) browser {
	t.Helper()
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1360, 860),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
	}, flags...)...)
	t.Cleanup(cancel)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting the browser (apt install chromium): %v", err)
	}
	return browser{ctx}
}

// open loads a page in a tab of its own. At the end the page must not have
// complained: no policy violation, no error in the console, no exception.
func (b browser) open(t *testing.T, url string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	p := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.Func(p.listen), chromedp.Navigate(url)); err != nil {
		t.Fatalf("opening %s: %v", url, err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.complaints {
			t.Errorf("the page complained: %s", c)
		}
	})
	return p
}

func (p *tab) listen(ctx context.Context, target *chromedp.Target) error {
	entries := cdp.Events(ctx, target, log.EntryAdded)
	calls := cdp.Events(ctx, target, runtime.ConsoleAPICalled)
	exceptions := cdp.Events(ctx, target, runtime.ExceptionThrown)
	go func() {
		for e, err := range entries {
			// A failed request is logged by the browser whatever the page makes of
			// it; these tests fail some on purpose.
			if err == nil && e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
				p.complain(e.Entry.Text)
			}
		}
	}()
	go func() {
		for e, err := range calls {
			if err == nil && (e.Type == "error" || e.Type == "warning") {
				p.complain(fmt.Sprintf("console.%s: %+v", e.Type, e.Args))
			}
		}
	}()
	go func() {
		for e, err := range exceptions {
			if err == nil {
				d := e.ExceptionDetails
				p.complain(fmt.Sprintf("%s: %+v (%s:%d:%d)", d.Text, d.Exception, d.URL, d.LineNumber, d.ColumnNumber))
			}
		}
	}()
	if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
		return err
	}
	_, err := cdp.Call(ctx, target, runtime.Enable, cdp.Empty{})
	return err
}

func (p *tab) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

// until waits for an expression to be true.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		state, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		p.t.Fatalf("waiting until %s (%s): %v\nthe page says:\n%s", what, expression, err, state)
	}
}

func (p *tab) eval(expression string) string {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(document.querySelector(%q).click(), "")`, selector))
}

const (
	playing = `document.querySelector("video")?.videoWidth === 320 && !document.querySelector("video").paused && document.querySelector("video").currentTime > 0.5`
	word    = `document.querySelector(".word")?.textContent`
)

func TestInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"scripts agree with the server": scriptsAgreeWithTheServer,
		"a session from first to last":  aSessionFromFirstToLast,
		"behind and back":               behindAndBack,
		"real time falls back":          realTimeFallsBack,
		"keys":                          keys,
		"quality":                       quality,
		"rewind":                        rewind,
		"messages":                      messages,
		"the server goes away":          theServerGoesAway,
		"accessible":                    accessible,
		"the chat":                      theChat,
		"nothing typed is lost":         nothingTypedIsLost,
		"questions and polls":           questionsAndPolls,
		"pins follow the picture":       pinsFollowThePicture,
		"a hand, and the way to stage":  aHand,
		"the room is accessible":        roomAccessible,
		"the audience at the desk":      theAudienceAtTheDesk,
		"a guest from link to end":      aGuestFromLinkToEnd,
		"the desk":                      theDesk,
		"private text":                  privateText,
		"device troubles":               deviceTroubles,
		"a desk without events":         aDeskWithoutEvents,
		"real time asks for ICE":        realTimeAsksForICE,
		"the stage is accessible":       stageAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// The scripts must not change what the server wrote: the parts have twins in Go
// templates and in Preact, and this is what keeps them alike.
func scriptsAgreeWithTheServer(t *testing.T, b browser) {
	for _, path := range []string{"/s/studio", "/s/off?lang=fr", "/s/last3"} {
		t.Run("event"+path, func(t *testing.T) { agrees(t, b.open(t, newFestivalServer(t).URL+path)) })
	}
	for _, phase := range []show.Phase{show.Planned, show.Live, show.Ended} {
		for _, path := range []string{"/", "/?lang=fr", "/s/studio", "/s/ink?lang=fr"} {
			t.Run(string(phase)+path, func(t *testing.T) {
				agrees(t, b.open(t, newEventServer(t, phase).URL+path))
			})
		}
	}
}

func agrees(t *testing.T, p *tab) {
	t.Helper()
	p.until("the scripts ran", `document.querySelector(".toasts") !== null`)
	differs := p.eval(`(async () => {
		const parts = (root) => {
			const main = root.querySelector("main").cloneNode(true);
			main.querySelector(".watch > .room")?.replaceChildren();
			// What only one of the two can have.
			main.querySelectorAll(".screen > :not(.poster), .elsewhere, noscript").forEach((e) => e.remove());
			main.querySelectorAll(".about button").forEach((e) => (e.disabled = false, e.textContent = e.textContent));
			const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT), blank = [];
			while (walk.nextNode()) if (!walk.currentNode.data.trim()) blank.push(walk.currentNode);
			blank.forEach((n) => n.data.includes("\n") && n.remove());
			main.normalize();
			return main;
		};
		const html = await (await fetch(location.href)).text();
		const server = parts(new DOMParser().parseFromString(html, "text/html")), page = parts(document);
		return server.isEqualNode(page) ? "" : "server:\n" + server.outerHTML + "\npage:\n" + page.outerHTML;
	})()`)
	if differs != "" {
		t.Error(differs)
	}
}

func aSessionFromFirstToLast(t *testing.T, b browser) {
	server := newEventServer(t, show.Planned)
	p := b.open(t, server.URL+"/s/studio")
	p.until("the slate says that it starts soon", `document.querySelector(".slate")?.innerText.includes("Starts soon")`)

	server.set(show.Live)
	p.until("the picture plays", playing)
	p.until("the sound waits for a click", `document.querySelector("video").muted && document.querySelector(".big-button")?.innerText === "Unmute"`)
	p.until("the controls have their styles", `getComputedStyle(document.querySelector("media-play-button")).display === "flex"`)
	p.until("the tab says so", `document.title.startsWith("Live: Glaze day")`)

	p.click(".big-button")
	p.until("there is sound", `!document.querySelector("video").muted && !document.querySelector(".big-button")`)

	p.until("the controls are there", controlsShown)
	if err := chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS("media-fullscreen-button"))); err != nil {
		t.Fatal(err)
	}
	p.until("all of the screen is full, with its words", `document.fullscreenElement?.className === "screen"`)
	p.eval(`document.exitFullscreen().then(() => "")`)

	server.stream.hold()
	p.until("a stall is told", word+` === "Reconnecting…" && document.querySelector("media-controller.stalled") !== null`)
	server.stream.release()
	p.until("the picture goes on", word+` === "" && !document.querySelector("media-controller.stalled")`)

	server.stream.end()
	server.set(show.Ended)
	p.until("the end is told", `document.querySelector(".slate")?.innerText.includes("This session has ended") && !document.querySelector("video")`)
}

func behindAndBack(t *testing.T, b browser) {
	p := b.open(t, newEventServer(t, show.Live).URL+"/s/studio")
	p.until("the picture plays", playing)
	p.until("it is live", `document.querySelector(".live-button.is-live")?.textContent === "Live"`)
	p.click("media-play-button")
	p.until("it falls behind", `/^[4-9] s behind$/.test(document.querySelector(".live-button").textContent)`)
	p.click("media-play-button")
	p.until("it plays on from where it was", `!document.querySelector("video").paused && !document.querySelector(".live-button.is-live")`)
	p.click(".live-button")
	p.until("it is live again", `document.querySelector(".live-button.is-live") !== null`)
}

func keys(t *testing.T, b browser) {
	p := b.open(t, newEventServer(t, show.Live).URL+"/s/studio")
	p.until("the picture plays", playing)
	p.press("m")
	p.until("a key outside the player does nothing", `document.querySelector("video").muted`)

	p.eval(`(document.querySelector("video").focus(), "")`)
	p.press("m")
	p.until("m switches the sound on", `!document.querySelector("video").muted`)
	p.press("k")
	p.until("k pauses", `document.querySelector("video").paused`)
	p.press(" ")
	p.until("space plays", `!document.querySelector("video").paused`)
	p.press("?")
	p.until("? lists the keys", `document.querySelector("dialog.shortcuts").open`)

	p.click(".shortcuts input")
	p.click(".shortcuts .primary")
	p.until("the list closes", `!document.querySelector("dialog.shortcuts").open`)
	p.eval(`(document.querySelector("video").focus(), "")`)
	p.press("m")
	p.until("keys that are switched off do nothing", `!document.querySelector("video").muted && localStorage["regie-keys"] === "off"`)
}

func theServerGoesAway(t *testing.T, b browser) {
	server := newEventServer(t, show.Planned)
	p := b.open(t, server.URL+"/")
	p.until("the scripts ran", `document.querySelector(".toasts") !== null`)
	server.CloseClientConnections()
	server.Listener.Close()
	p.until("the page says so", `document.querySelector(".toast")?.innerText.includes("We cannot reach the event")`)
	if text := p.eval(`document.querySelector("main h2").innerText`); !strings.Contains(text, "Glaze day") {
		t.Errorf("what was known is gone: %q", text)
	}
}
