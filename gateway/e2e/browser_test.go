package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// watchScript collects what a viewer would notice; see its own comment.
//
//go:embed testdata/watch.js
var watchScript string

// browser is a headless Chromium without a network beyond what it is told.
type browser struct {
	t   testing.TB
	ctx context.Context
	via *network // of the people who come now; nil: straight
}

// on is the same browser for people who come over a network.
func (b *browser) on(n *network) *browser {
	return &browser{t: b.t, ctx: b.ctx, via: n}
}

// tab is one page of it.
type tab struct {
	t      testing.TB
	ctx    context.Context
	cancel func()

	mu       sync.Mutex
	messages []string // console errors and uncaught exceptions
}

// startBrowser runs until the test ends.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	o := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 860),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		stop() // cancel would wait for a browser that never was
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() {
		closing, done := context.WithTimeout(ctx, 5*time.Second)
		defer done()
		_ = chromedp.Cancel(closing)
		cancel()
		stop()
		chromedp.FromContext(ctx).Allocator.Wait()
	})
	return &browser{t: t, ctx: ctx}
}

// open loads a page in a tab of its own.
func (b *browser) open(address string) *tab {
	b.t.Helper()
	return b.openWith(address, watchScript)
}

// openWith runs a script in the page before its own.
func (b *browser) openWith(address, script string, o ...chromedp.ContextOption) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, o...)
	p := &tab{t: b.t, ctx: ctx, cancel: cancel}
	b.t.Cleanup(cancel)
	console := chromedp.Console(ctx)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		for m, err := range console {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.IsException() {
				p.mu.Lock()
				p.messages = append(p.messages, m.String())
				p.mu.Unlock()
			}
		}
	}()
	b.t.Cleanup(func() { cancel(); <-listening })
	err := chromedp.Do(ctx,
		func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
			return chromedp.Void{}, err
		},
		chromedp.Navigate(address))
	if err != nil {
		b.t.Fatalf("open %s: %v", address, err)
	}
	return p
}

// evaluate runs an expression in a page, and waits for it if it is a promise.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := evaluation[T](p, expression)
	if err != nil {
		p.t.Fatalf("in the page: %.200s: %v\n%s", expression, err, strings.Join(p.errors(), "\n"))
	}
	return v
}

// glance is evaluate for what is asked again and again, from a page that may be on
// its way to another.
func glance[T any](p *tab, expression string) T {
	v, _ := evaluation[T](p, expression)
	return v
}

func evaluation[T any](p *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// errors are what the page wrote to the console as errors.
func (p *tab) errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// noErrors fails if the page complained.
func (p *tab) noErrors() {
	p.t.Helper()
	for _, m := range p.errors() {
		p.t.Errorf("the page's console: %s", m)
	}
}

// seen is what watch.js collects. Times are in ms.
type seen struct {
	Began, First  float64
	Frames        int
	Waits         []float64
	Delays        []float64
	Unread        int
	Freeze        float64
	Width, Height int
	Cues          []struct {
		ID    string
		Ended bool
		Clock float64 // in the picture, ms since 1970 modulo 2³²
	}
}

func (p *tab) seen() seen {
	p.t.Helper()
	return evaluate[seen](p, "window.seen")
}

// playing waits for n more frames.
func (p *tab) playing(within time.Duration, n int) seen {
	p.t.Helper()
	from := p.seen().Frames
	var now seen
	eventually(p.t, within, fmt.Sprintf("%d more frames in the browser", n), func() bool {
		now = p.seen()
		return now.Frames >= from+n
	})
	return now
}

// fresh forgets what was seen, but not that there was a picture.
func (p *tab) fresh() {
	p.t.Helper()
	evaluate[bool](p, "Object.assign(window.seen, {waits: [], delays: [], unread: 0, freeze: 0, lastAt: 0}), true")
}

// delays are glass-to-glass: from the card's clock to the browser's screen.
func (s seen) delays(t testing.TB, name string) (median, p95 float64) {
	t.Helper()
	if len(s.Delays) < 10 {
		t.Fatalf("%s: only %d of %d frames had a clock", name, len(s.Delays), s.Frames)
	}
	d := slices.Sorted(slices.Values(s.Delays))
	median, p95 = percentile(d, 50), percentile(d, 95)
	figure(t, name+".glass_to_glass_p50", median, "ms")
	figure(t, name+".glass_to_glass_p95", p95, "ms")
	return median, p95
}
