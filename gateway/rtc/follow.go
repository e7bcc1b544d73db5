package rtc

import (
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// quiet is how long a peer must have said nothing on the chosen way before it is
// followed to another. Chromium asks on its own every 2.5 s.
const quiet = 3 * time.Second

// follower keeps to the way that a peer itself uses. The peer chooses, as we are ICE
// lite, and pion takes the last pair that it nominates. Firefox nominates every pair
// that works (aggressive nomination, RFC 5245 section 8.1.1.2), uses the best of
// them, and asks for consent (RFC 7675) on that one alone: when another was the last,
// pion would hear nothing more on its own and give the peer up.
type follower struct {
	chosen    *ice.CandidatePair
	nominated map[*ice.CandidatePair]bool
}

// heard is called by pion, never twice at once, with each binding request. It reports
// whether to change over to its pair.
func (f *follower) heard(m *stun.Message, _, _ ice.Candidate, pair *ice.CandidatePair) bool {
	switch {
	case m.Contains(stun.AttrUseCandidate):
		if f.nominated == nil {
			f.nominated = map[*ice.CandidatePair]bool{}
		}
		f.nominated[pair] = true
		f.chosen = pair // as pion has done
		return false
	case pair == f.chosen || !f.nominated[pair] || time.Since(f.chosen.LastRequestReceivedAt()) < quiet:
		return false
	}
	f.chosen = pair
	return true
}
