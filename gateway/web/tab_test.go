package web

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

var axeCore = sync.OnceValues(func() ([]byte, error) { return os.ReadFile("node_modules/axe-core/axe.min.js") })

// axe is what axe-core finds wrong with the page as it is, by WCAG 2.2 A and AA and
// its own best practices; empty if nothing.
func (p *tab) axe() string {
	p.t.Helper()
	core, err := axeCore()
	if err != nil {
		p.t.Fatal(err)
	}
	return p.eval(string(core) + `;(async () => {
		const { violations } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
		return violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => "  " + n.target + " " + n.failureSummary).join("\n")).join("\n");
	})()`)
}

// press is a real key press, which goes to what has the focus.
func (p *tab) press(key string) {
	p.t.Helper()
	text := ""
	if len(key) == 1 {
		text = key
	}
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Text: text}); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		p.t.Fatalf("pressing %s: %v", key, err)
	}
}

// forgive: what the browser itself says of an address without https is no fault of the page's.
func (p *tab) forgive(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = slices.DeleteFunc(p.complaints, func(c string) bool { return strings.Contains(c, words) })
}
