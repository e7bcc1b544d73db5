package ingest

import (
	"fmt"
	"strings"
	"testing"
)

func TestGate(t *testing.T) {
	g := NewGate(2 * maxPerAddress)
	var leaves []func()
	enter := func(remote string) string {
		leave, r := g.Enter(remote)
		if r != nil {
			if r.Outcome != Unavailable || leave != nil {
				t.Errorf("%s: %+v", remote, r)
			}
			return r.Reason
		}
		leaves = append(leaves, leave)
		return ""
	}
	for i := range maxPerAddress {
		if why := enter(fmt.Sprintf("[2001:db8::%x]:1", i)); why != "" {
			t.Fatal(why)
		}
	}
	if why := enter("[2001:db8::ffff]:1"); !strings.Contains(why, "from this address") {
		t.Errorf("one more of the same /64: %q", why)
	}
	for range maxPerAddress {
		if why := enter("127.0.0.1:1"); why != "" {
			t.Errorf("this machine is limited: %s", why)
		}
	}
	if why := enter("192.0.2.1:1"); !strings.Contains(why, "32 connections") {
		t.Errorf("past the limit: %q", why)
	}
	for _, leave := range leaves {
		leave()
		leave()
	}
	if g.total != 0 || len(g.by) != 0 {
		t.Errorf("%d connections and %d addresses are left", g.total, len(g.by))
	}
}
