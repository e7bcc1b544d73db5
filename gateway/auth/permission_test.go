package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

var principals = map[string]show.Principal{
	"operator":  {Kind: show.MachineOperator},
	"admin":     {Kind: show.Account, Role: show.Admin, User: "me"},
	"creator":   {Kind: show.Account, Role: show.Creator, User: "me"},
	"moderator": {Kind: show.Account, Role: show.Moderator, User: "me"},
	"host":      {Kind: show.Invitee, Role: show.Host, Session: "mine", Participant: "host"},
	"guest":     {Kind: show.Invitee, Role: show.Guest, Session: "mine", Participant: "guest1"},
	"anonymous": {},
	// What must not come to anything.
	"account without a role":      {Kind: show.Account, User: "me"},
	"account with a guest's role": {Kind: show.Account, User: "me", Role: show.Host},
	"guest with an admin's role":  {Kind: show.Invitee, Role: show.Admin, Session: "mine"},
	"account of nobody":           {Kind: show.Account, Role: show.Creator},
}

var owned = map[string]Whose{
	"appliance": {},
	"mine":      {Session: "mine", Owner: "me"},
	"another's": {Session: "another", Owner: "you"},
	"nobody's":  {Session: "declared"},
}

// allowed is every combination that is allowed, apart from read, which all are.
const allowed = `
	operator: users, sessions, desk, moderate on appliance, mine, another's, nobody's
	admin: users, sessions, desk, moderate on appliance, mine, another's, nobody's
	admin: stage on mine, nobody's
	creator: sessions on appliance, mine
	creator: desk, stage on mine
	moderator: moderate on appliance, mine, another's, nobody's
	host: desk, stage on mine
	guest: stage on mine
	account of nobody: sessions on appliance
`

func TestMay(t *testing.T) {
	want := map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(allowed)) {
		who, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		perms, where, _ := strings.Cut(rest, " on ")
		for perm := range strings.SplitSeq(perms, ", ") {
			for w := range strings.SplitSeq(where, ", ") {
				want[fmt.Sprintf("%s: %s on %s", who, perm, w)] = true
			}
		}
	}
	seen := 0
	for who, p := range principals {
		for where, w := range owned {
			for _, perm := range All() {
				key := fmt.Sprintf("%s: %s on %s", who, perm, where)
				got := May(p, perm, w)
				if got != (want[key] || perm == show.MayRead) {
					t.Errorf("%s: %v", key, got)
				}
				if want[key] {
					seen++
				}
			}
			if May(p, "fly", w) {
				t.Errorf("%s may do what nobody knows", who)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d lines of the table were asked about", seen, len(want))
	}
}

func TestAnywhere(t *testing.T) {
	for who, want := range map[string][]show.Permission{
		"admin":     {"users", "sessions", "desk", "stage", "moderate", "read"},
		"creator":   {"sessions", "desk", "stage", "read"},
		"moderator": {"moderate", "read"},
		"host":      {"desk", "stage", "read"},
		"guest":     {"stage", "read"},
		"anonymous": {"read"},
	} {
		if got := Anywhere(principals[who]); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", who, got, want)
		}
	}
}
