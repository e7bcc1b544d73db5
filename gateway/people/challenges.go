package people

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/internal/guess"
	"github.com/regie-live/regie/gateway/show"
)

// How many challenges wait for passkeys, and how long. A sign-in page asks for one
// before anybody chose to use it.
const (
	maxAsked     = 1024
	maxMaking    = 128
	maxOfAddress = 64 // of them; this machine's own may have all
	challengeFor = 5 * time.Minute
)

// challenge waits for its answer.
type challenge struct {
	auth.Challenge
	user    show.UserID // for whom a passkey is made; empty to sign in
	name    string      // of the administrator to be
	token   show.Token  // of the setup link
	from    netip.Prefix
	expires time.Time
}

// challenges are good once each. The oldest gives way when there are too many, or
// too many of one address.
type challenges struct {
	max  int
	mu   sync.Mutex
	open []challenge // the oldest first
}

func (c *challenges) add(one challenge, remote string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one.expires = now.Add(challengeFor)
	c.open = slices.DeleteFunc(c.open, func(o challenge) bool { return !now.Before(o.expires) })
	if from, ok := guess.Address(remote); ok {
		one.from = from
		first, n := -1, 0
		for i, o := range c.open {
			if o.from == from {
				if n++; first < 0 {
					first = i
				}
			}
		}
		if n >= maxOfAddress {
			c.open = slices.Delete(c.open, first, first+1)
		}
	}
	if len(c.open) >= c.max {
		c.open = slices.Delete(c.open, 0, 1)
	}
	c.open = append(c.open, one)
}

// take gives the challenge that an answer is to; nobody gets it again.
func (c *challenges) take(answer []byte, now time.Time) (challenge, error) {
	text := auth.ChallengeIn(answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.open, func(o challenge) bool { return text != "" && o.Text() == text })
	if i < 0 {
		return challenge{}, no(show.Expired, "This took longer than five minutes, or was done already; try again.")
	}
	one := c.open[i]
	c.open = slices.Delete(c.open, i, i+1)
	if !now.Before(one.expires) {
		return challenge{}, no(show.Expired, "This took longer than five minutes; try again.")
	}
	return one, nil
}
