package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestSlide(t *testing.T) {
	for name, test := range map[string]struct {
		left    time.Duration // of the sign-in, when it is used at noon
		want    time.Duration
		changed bool
	}{
		"fresh":                     {left: SignInFor, want: SignInFor},
		"used a minute ago":         {left: SignInFor - time.Minute, want: SignInFor - time.Minute},
		"used just under an hour":   {left: SignInFor - time.Hour + 1, want: SignInFor - time.Hour + 1},
		"used an hour ago":          {left: SignInFor - time.Hour, want: SignInFor, changed: true},
		"on its last day":           {left: time.Hour, want: SignInFor, changed: true},
		"a clock that was put back": {left: 2 * SignInFor, want: 2 * SignInFor},
	} {
		until, changed := Slide(noon.Add(test.left), noon)
		if until != noon.Add(test.want) || changed != test.changed {
			t.Errorf("%s: good for %v, changed %v", name, until.Sub(noon), changed)
		}
	}
}

func TestInviteEnds(t *testing.T) {
	for name, test := range map[string]struct {
		ends  time.Time
		asked time.Duration
		want  time.Duration
	}{
		"no plan":                {want: 24 * time.Hour},
		"planned":                {ends: noon.Add(3 * time.Hour), want: 3*time.Hour + 30*time.Minute},
		"planned, and over":      {ends: noon.Add(-time.Hour), want: 24 * time.Hour},
		"planned, just over":     {ends: noon, want: 24 * time.Hour},
		"asked for":              {ends: noon.Add(3 * time.Hour), asked: time.Hour, want: time.Hour},
		"asked for too much":     {asked: 365 * 24 * time.Hour, want: MaxInviteFor},
		"nonsense is not heeded": {asked: -time.Hour, want: 24 * time.Hour},
	} {
		if got := InviteEnds(noon, test.ends, test.asked).Sub(noon); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestStateOf(t *testing.T) {
	for name, test := range map[string]struct {
		left    time.Duration
		used    bool
		revoked bool
		phase   show.Phase
		want    InviteState
	}{
		"good":                          {left: time.Hour, want: InviteGood},
		"used":                          {left: time.Hour, used: true, want: InviteGood},
		"at its last moment":            {left: 1, want: InviteGood},
		"at its end":                    {left: 0, want: InviteExpired},
		"expired":                       {left: -time.Hour, used: true, phase: show.Ended, want: InviteExpired},
		"expired on air":                {left: -time.Hour, used: true, phase: show.Live, want: InviteGood},
		"expired, unused, while on air": {left: -time.Hour, phase: show.Live, want: InviteExpired},
		"revoked":                       {left: time.Hour, used: true, revoked: true, want: InviteRevoked},
		"revoked and expired":           {left: -time.Hour, revoked: true, want: InviteRevoked},
		"revoked on air":                {left: -time.Hour, used: true, revoked: true, phase: show.Live, want: InviteRevoked},
	} {
		i := show.InviteInfo{Expires: noon.Add(test.left), Revoked: test.revoked}
		if test.used {
			i.Used = noon.Add(-2 * time.Hour)
		}
		if got := StateOf(i, test.phase, noon); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestSecretsAreLongAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, secret := string(NewToken()), NewSecret()
		if len(token) != 43 || len(secret) != 26 || seen[token] || seen[secret] {
			t.Fatalf("%q, %q", token, secret)
		}
		seen[token], seen[secret] = true, true
	}
}

func TestCheck(t *testing.T) {
	for password, want := range map[string]string{
		"correct horse battery":    "",
		"twelve chars":             "",
		"éàüöçñéàüöçñ":             "",
		"elevenchars":              "has 11 characters; choose one of at least 12",
		"":                         "has 0 characters",
		"aaaaaaaaaaaaaaaa":         "one character many times",
		"Anastasia of the sea":     "is the name",
		strings.Repeat("ab", 129):  "has 258 characters",
		"\xff\xfe\xfd............": "not text",
	} {
		err := Check(password, "anastasia of the SEA")
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", password, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || show.KindOf(err) != show.Invalid):
			t.Errorf("%q: %v, want %q", password, err, want)
		}
	}
}

func TestPasswords(t *testing.T) {
	p := NewPasswords(Strong)
	hash, err := p.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Fatalf("%s (%v)", hash, err)
	}
	for _, test := range []struct {
		password, hash string
		want           bool
	}{
		{"correct horse battery", hash, true},
		{"correct horse batterY", hash, false},
		{"", hash, false},
		{"correct horse battery", "", false},
		{strings.Repeat("x", 1<<20), hash, false},
	} {
		if got, err := p.Matches(t.Context(), test.password, test.hash); got != test.want || err != nil {
			t.Errorf("%.20q: %v (%v)", test.password, got, err)
		}
	}
}

// TestPasswordsAreHashedFewAtOnce: who comes past the queue is told so, and who
// leaves it makes room.
func TestPasswordsAreHashedFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords(Cost{KiB: 32, Passes: 1})
		var free []func()
		for range atOnce {
			f, err := p.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			free = append(free, f)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for range maxQueue {
			waiting.Go(func() {
				if _, err := p.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
					t.Errorf("hashed past the limit: %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := p.Hash(t.Context(), "x"); show.KindOf(err) != show.TooMany {
			t.Errorf("the queue has no end: %v", err)
		}
		cancel()
		waiting.Wait()
		for _, f := range free {
			f()
		}
		if _, err := p.Hash(t.Context(), "x"); err != nil {
			t.Errorf("nobody is there, and still: %v", err)
		}
	})
}
