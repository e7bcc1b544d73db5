package show

import (
	"fmt"
	"slices"
)

// By is who moves a person from place to place.
type By string

// Who may.
const (
	ByPerson By = "person" // themselves
	ByDesk   By = "desk"   // whoever runs the session
	ByStage  By = "stage"  // the appliance: they began to send, or have been gone for too long
)

// moves is the green room: from each place, where each may bring a person.
var moves = map[Place]map[By][]Place{
	Invited: {
		ByPerson: {Checking, Waiting, Left},
		ByDesk:   {Removed},
		ByStage:  {Waiting, Backstage, OnAir},
	},
	Checking: {
		ByPerson: {Waiting, Left},
		ByDesk:   {Removed},
		ByStage:  {Waiting, Backstage, OnAir, Left},
	},
	Waiting: {
		ByPerson: {Checking, Left},
		ByDesk:   {Backstage, OnAir, Removed},
		ByStage:  {OnAir, Left}, // on air: the host, whom nobody has to let in
	},
	Backstage: {
		ByPerson: {Left},
		ByDesk:   {OnAir, Removed},
		ByStage:  {Left},
	},
	OnAir: {
		ByPerson: {Left},
		ByDesk:   {Back, Removed},
		ByStage:  {Left},
	},
	Back: {
		ByPerson: {Left},
		ByDesk:   {OnAir, Removed},
		ByStage:  {Left},
	},
	Left: {
		ByPerson: {Checking, Waiting},
		ByDesk:   {Removed},
		ByStage:  {Waiting, Backstage, OnAir},
	},
	Removed: {},
}

// Moves says whether by may bring a person from one place to another; the error is
// an *Error. To stay where one is is always allowed.
func (p Place) Moves(to Place, by By) error {
	no := func(k ErrorKind, format string, args ...any) error {
		return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case moves[to] == nil:
		return no(Invalid, "there is no place %.20q; say checking, waiting, backstage, on_air, back or left", to)
	case p == to, slices.Contains(moves[p][by], to):
		return nil
	case p == Removed:
		return no(Conflict, "they were removed; make them a new invite")
	case by == ByPerson && (to == Backstage || to == OnAir || to == Back || to == Removed):
		return no(Forbidden, "only whoever runs the session does that; you can be checking, waiting or left")
	case by == ByPerson:
		return no(Conflict, "you are %s already; leave before you begin again", words[p])
	case p == Invited || p == Checking || p == Left:
		return no(Conflict, "they are %s; wait until they join", words[p])
	case to == Waiting || to == Checking || to == Left || to == Invited:
		return no(Conflict, "they are %s; only they themselves can go from there, or be removed", words[p])
	}
	return no(Conflict, "they are %s, so they cannot be %s", words[p], words[to])
}

// words name the places in sentences.
var words = map[Place]string{
	Invited: "not here yet", Checking: "trying their camera", Waiting: "waiting to be let in",
	Backstage: "backstage", OnAir: "on air", Back: "back from the stage", Left: "gone", Removed: "removed",
}

// Admitted: the host has let them in, so that they hear the stage.
func (p Place) Admitted() bool { return p == Backstage || p == OnAir || p == Back }
