package returns

import (
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

// Slots is how many people a receiver can get at once. Those past it, the least
// important, wait for a free slot.
const Slots = 6

// table says who is in which slot of one receiver. It is pure.
type table struct {
	slots [Slots]place
	// before is where somebody was who is not there now; they get it back if they
	// can.
	before map[show.ParticipantID]int
	turns  uint64
}

// place is a slot with who is in it; an empty From is nobody.
type place struct {
	show.Feed
	turn uint64 // grows with every change of From
}

func newTable() *table { return &table{before: map[show.ParticipantID]int{}} }

// assign gives everybody in feeds a slot as far as there are any: those who have one
// keep it.
func (t *table) assign(feeds []show.Feed) (changed bool) {
	wanted := feeds[:min(len(feeds), Slots)]
	at := func(id show.ParticipantID) int {
		return slices.IndexFunc(t.slots[:], func(p place) bool { return p.From == id })
	}
	for i := range t.slots {
		p := &t.slots[i]
		if p.From != "" && !slices.ContainsFunc(wanted, func(f show.Feed) bool { return f.From == p.From }) {
			t.before[p.From] = i
			*p = place{turn: p.turn}
			changed = true
		}
	}
	for _, again := range []bool{true, false} { // who knows a slot chooses first
		for _, f := range wanted {
			if i := at(f.From); i >= 0 {
				t.slots[i].Feed = f
				continue
			}
			i, known := t.before[f.From]
			if !known || t.slots[i].From != "" {
				i = t.free()
				known = false
			}
			if again != known {
				continue
			}
			t.turns++
			t.slots[i] = place{Feed: f, turn: t.turns}
			delete(t.before, f.From)
			changed = true
		}
	}
	return changed
}

// free is a slot that nobody is in, best one that nobody might come back to. There is
// one, as no more than Slots people are assigned.
func (t *table) free() int {
	best := -1
	for i, p := range t.slots {
		if p.From != "" {
			continue
		}
		kept := false
		for _, j := range t.before {
			kept = kept || i == j
		}
		if !kept {
			return i
		}
		if best < 0 {
			best = i
		}
	}
	return best
}
