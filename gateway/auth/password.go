package auth

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/regie-live/regie/gateway/show"
)

// The length of a password, in characters; the most bounds what is hashed.
const (
	MinPassword = 12
	MaxPassword = 256
)

// atOnce is how many passwords are hashed at the same time, 64 MiB each; maxQueue
// how many more may wait.
const (
	atOnce   = 2
	maxQueue = 32
	busyFor  = 5 * time.Second // what whoever finds the queue full is told
)

// Passwords hashes and checks passwords.
type Passwords struct {
	cost  argon2id.Params
	slots chan struct{}
	queue chan struct{}
	dummy string // of no password, for accounts that do not exist
}

// Cost is what a guess costs. Tests take less than Strong.
type Cost struct{ KiB, Passes uint32 }

// Strong is the second choice of RFC 9106, section 4.
var Strong = Cost{KiB: 64 << 10, Passes: 3}

// NewPasswords is what an appliance needs one of.
func NewPasswords(c Cost) *Passwords {
	cost := argon2id.Params{Memory: c.KiB, Iterations: c.Passes, Parallelism: 4, SaltLength: 16, KeyLength: 32}
	p := &Passwords{cost: cost, slots: make(chan struct{}, atOnce), queue: make(chan struct{}, atOnce+maxQueue)}
	// Never computed: only its parameters count, which are all that takes time.
	p.dummy = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", cost.Memory, cost.Iterations, cost.Parallelism,
		strings.Repeat("A", 22), strings.Repeat("A", 43))
	return p
}

// Check says what is wrong with a password that somebody chose.
func Check(password, name string) error {
	n := utf8.RuneCountInString(password)
	no := func(format string, args ...any) error {
		return &show.Error{Kind: show.Invalid, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case !utf8.ValidString(password):
		return no("The password is not text in UTF-8; type another.")
	case n < MinPassword:
		return no("The password has %d characters; choose one of at least %d. Four words that do not belong together are good.", n, MinPassword)
	case n > MaxPassword:
		return no("The password has %d characters; keep it under %d.", n, MaxPassword+1)
	case strings.Count(password, firstOf(password)) == n:
		return no("The password is one character many times; choose one that others would not try.")
	case strings.EqualFold(strings.TrimSpace(password), strings.TrimSpace(name)):
		return no("The password is the name; choose one that others would not try.")
	}
	return nil
}

func firstOf(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// Hash returns what to store of a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	free, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	return argon2id.CreateHash(password, &p.cost)
}

// Matches compares a password with a hash; with none it takes as long and says no.
func (p *Passwords) Matches(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > 4*MaxPassword {
		return false, nil // nobody has such a one
	}
	free, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer free()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, p.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// enter waits for a free place among the few that hash at once.
func (p *Passwords) enter(ctx context.Context) (free func(), err error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return nil, &show.Error{Kind: show.TooMany, Detail: "Too many people sign in at this moment; try again in a few seconds.", Wait: busyFor}
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots; <-p.queue }, nil
	case <-ctx.Done():
		<-p.queue
		return nil, ctx.Err()
	}
}
