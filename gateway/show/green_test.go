package show

import (
	"fmt"
	"slices"
	"testing"
)

// TestGreenRoom: every (place, who, act) there is. What the table does not name is
// refused with a sentence.
func TestGreenRoom(t *testing.T) {
	places := []Place{Invited, Checking, Waiting, Backstage, OnAir, Back, Left, Removed}
	allowed := map[By]map[Place][]Place{
		ByPerson: {
			Invited: {Checking, Waiting, Left}, Checking: {Waiting, Left}, Waiting: {Checking, Left},
			Backstage: {Left}, OnAir: {Left}, Back: {Left}, Left: {Checking, Waiting},
		},
		ByDesk: {
			Invited: {Removed}, Checking: {Removed}, Left: {Removed}, Waiting: {Backstage, OnAir, Removed},
			Backstage: {OnAir, Removed}, OnAir: {Back, Removed}, Back: {OnAir, Removed},
		},
		ByStage: {
			Invited: {Waiting, Backstage, OnAir}, Checking: {Waiting, Backstage, OnAir, Left}, Left: {Waiting, Backstage, OnAir},
			Waiting: {OnAir, Left}, Backstage: {Left}, OnAir: {Left}, Back: {Left},
		},
	}
	for by, table := range allowed {
		for _, from := range places {
			for _, to := range places {
				err := from.Moves(to, by)
				want := from == to || slices.Contains(table[from], to)
				if (err == nil) != want {
					t.Errorf("%s from %s to %s: %v, want allowed %v", by, from, to, err, want)
				}
				if err != nil && (KindOf(err) == "" || len(err.Error()) < 25) {
					t.Errorf("%s from %s to %s: %v is no sentence", by, from, to, err)
				}
			}
		}
	}
	for _, by := range []By{ByPerson, ByDesk} {
		if KindOf(OnAir.Moves("moon", by)) != Invalid {
			t.Errorf("%s can go to the moon", by)
		}
	}
	for from, to := range map[Place]Place{Invited: Backstage, Waiting: OnAir, Back: OnAir} {
		if err := from.Moves(to, ByPerson); KindOf(err) != Forbidden {
			t.Errorf("a person goes from %s to %s by themselves: %v", from, to, err)
		}
	}
	if got := fmt.Sprint(Removed.Moves(OnAir, ByDesk)); got != "they were removed; make them a new invite" {
		t.Error(got)
	}
}
