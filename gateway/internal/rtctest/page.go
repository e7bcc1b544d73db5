package rtctest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// OpenPage opens a page in Chromium, which is closed when the test ends.
func OpenPage(t testing.TB, url string) context.Context {
	t.Helper()
	o := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(800, 600),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		closing, done := context.WithTimeout(ctx, 5*time.Second)
		defer done()
		_ = chromedp.Cancel(closing)
		cancel()
		stop()
		chromedp.FromContext(ctx).Allocator.Wait()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("Chromium (apt install chromium): %v", err)
	}
	// On a busy machine the navigation is reported before the new page's scripts ran.
	for {
		if Evaluate[bool](t, ctx, `location.protocol.startsWith("http") && document.readyState === "complete"`) {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	return ctx
}

// Evaluate waits for an expression in the page.
func Evaluate[T any](t testing.TB, page context.Context, expression string) (v T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(page, Patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => JSON.stringify((await ("+expression+")) ?? null))()", chromedp.EvalAwaitPromise))
	if err == nil {
		err = json.Unmarshal([]byte(text), &v)
	}
	if err != nil {
		t.Fatalf("in the page: %.120s: %v", expression, err)
	}
	return v
}
