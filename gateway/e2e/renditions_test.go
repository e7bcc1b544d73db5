package e2e

import (
	_ "embed"
	"slices"
	"strings"
	"testing"
	"time"
)

// renditionsScript is a viewer in a page; see its own comment.
//
//go:embed testdata/renditions.js
var renditionsScript string

// TestRenditionsInBrowser: Chromium gets AES-GCM, hears what renditions there are,
// and changes between them without a freeze.
func TestRenditionsInBrowser(t *testing.T) {
	a := start(t, setup{width: 640, height: 360, ladder: "{width: 320, height: 180, kbps: 200}"})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	p := startBrowser(t).open(a.url("/healthz"))
	if status := evaluate[int](p, renditionsScript); status != 201 {
		t.Fatalf("WHEP answered %d", status)
	}
	pictures := func(n int) {
		t.Helper()
		from := evaluate[int](p, "viewer.pictures")
		eventually(t, 15*time.Second, "pictures", func() bool { return evaluate[int](p, "viewer.pictures") >= from+n })
	}
	pictures(30)
	if cipher := evaluate[string](p, "viewer.cipher()"); !strings.Contains(cipher, "GCM") {
		t.Errorf("Chromium's cipher is %q", cipher)
	}
	evaluate[bool](p, "viewer.longest = 0, true")
	for _, name := range []string{"180p", "360p"} {
		evaluate[bool](p, `viewer.channel.send(JSON.stringify({type: "choose", rendition: "`+name+`"})), true`)
		eventually(t, 10*time.Second, "the server says "+name, func() bool {
			return evaluate[string](p, `viewer.said.filter((m) => m.type === "renditions").at(-1).using`) == name
		})
		pictures(30)
	}
	if got := evaluate[[]int](p, "viewer.sizes"); !slices.Equal(got, []int{360, 180, 360}) {
		t.Errorf("pictures had the heights %v", got)
	}
	longest := evaluate[float64](p, "viewer.longest")
	figure(t, "whep.longest_without_picture_over_two_switches", longest, "ms")
	if longest > 500 {
		t.Errorf("no picture for %.0f ms", longest)
	}
}
