package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// goes waits until all connections of a page stand, by this way.
func (p *tab) goes(way string, n int) {
	p.t.Helper()
	var ways []string
	if !p.awaits(30*time.Second, func() bool {
		ways = glance[[]string](p, `ways()`)
		return len(ways) == n && !slices.ContainsFunc(ways, func(w string) bool { return w != way })
	}) {
		p.t.Fatalf("the page has connections by %v, and should have %d by %s; it says:\n%.600s", ways, n, way, evaluate[string](p, `document.body.innerText`))
	}
}

// TestStageBehindFirewalls: who is let out over TCP alone, or to a TURN server alone,
// sends to the stage and hears it all the same; so does a host who only listens.
func TestStageBehindFirewalls(t *testing.T) {
	a := start(t, setup{fps: 15, more: `turn: {address: "127.0.0.1:0"}`})
	m := a.setUp()
	b := startBrowser(t)
	noUDP, onlyTURN := a.network(), a.network()
	noUDP.rtc.noUDP.Store(true)
	onlyTURN.relay = true

	host := b.on(onlyTURN).person(looks[0], m.invite("glaze", "host", "Ana"))
	host.fill("name", "Ana")
	host.click("Join")
	host.goes("relay-udp", 1) // a return feed alone, before anything is sent
	host.click("Use my camera")
	host.click("Start sending")
	host.goes("relay-udp", 2)
	théo := b.on(noUDP).joins(m, "glaze", "Théo", looks[1])
	théo.goes("tcp", 2)
	for _, act := range []string{"Let in", "Bring on"} {
		host.click(fmt.Sprintf("%s: Théo", act))
	}
	host.ears("the host", looks[1])
	théo.ears("Théo", looks[0])
	host.click("Go live")
	p := a.live("glaze")
	p.awaitMix(30*time.Second, looks[:2]...)
	p.hearsWithin(30*time.Second, looks[:2]...)
	host.noErrors()
	théo.noErrors()
}
