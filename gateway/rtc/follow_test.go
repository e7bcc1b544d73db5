package rtc

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/regie-live/regie/gateway/internal/rtctest"
)

// A peer that nominates a second way and goes on asking on the first, as Firefox does,
// is kept on the first.
func TestFollowsConsent(t *testing.T) {
	d := newDoor(t, Config{})
	d.side = Viewer
	client := d.send(t, rtctest.Options{})
	peer := await(t, d.connected)
	first := remotePort(t, peer)

	theirs, ours := client.PC.LocalDescription().SDP, client.PC.RemoteDescription().SDP
	second, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", d.net.port))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	nominate := stun.MustBuild(stun.TransactionID, stun.BindingRequest,
		stun.NewUsername(attribute(ours, "ice-ufrag")+":"+attribute(theirs, "ice-ufrag")),
		ice.UseCandidate(), ice.AttrControlling(1), ice.PriorityAttr(1),
		stun.NewShortTermIntegrity(attribute(ours, "ice-pwd")), stun.Fingerprint)
	if _, err := second.Write(nominate.Raw); err != nil {
		t.Fatal(err)
	}
	port := func() int { return second.LocalAddr().(*net.UDPAddr).Port }()
	for _, want := range []int{port, first} {
		for end := time.Now().Add(rtctest.Patience); remotePort(t, peer) != want; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the peer is at port %d, want %d", remotePort(t, peer), want)
			}
		}
	}
}

func remotePort(t *testing.T, p *Peer) int {
	t.Helper()
	pair, err := p.ice().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		t.Fatal("no pair is chosen", err)
	}
	return int(pair.Remote.Port)
}

func TestFollower(t *testing.T) {
	names := map[string]int{"a": 0, "b": 1, "c": 2}
	for _, c := range []struct {
		name string
		says string // A to C nominate, a to c ask, . is a second
		want string // to which a change is made
	}{
		{"asks on the last it nominated", "ABb..b..b", ""},
		{"asks on the first alone", "AB....a..a", "a"},
		{"and comes back", "AB....a...b", "ab"},
		{"nominates the first again, which pion sees", "AB....Aa", ""},
		{"asks on both", "ABab..ab..ab..ab", ""},
		{"too early", "AB..a", ""},
		{"a way that it never nominated", "A....b....c", ""},
		{"nominates nothing", "a....b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pairs := []*ice.CandidatePair{{}, {}, {}}
				f, got := &follower{}, ""
				for _, said := range c.says {
					if said == '.' {
						time.Sleep(time.Second)
						continue
					}
					m, lower := stun.MustBuild(stun.BindingRequest), string(said)
					if said < 'a' {
						m, lower = stun.MustBuild(stun.BindingRequest, ice.UseCandidate()), string(said+'a'-'A')
					}
					pair := pairs[names[lower]]
					pair.UpdateRequestReceived()
					if f.heard(m, nil, nil, pair) {
						got += lower
					}
				}
				if got != c.want {
					t.Errorf("changes to %q, want %q", got, c.want)
				}
			})
		})
	}
}
