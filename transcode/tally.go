package transcode

// tally makes counters that start again with each worker count on.
type tally struct {
	before, last counters
}

type counters struct {
	frames, late, dropped uint64
	errors                map[SourceID]uint64
}

// add returns st with the counts of all workers before this one.
func (t *tally) add(st Stats) Stats {
	t.last = counters{frames: st.Frames, late: st.Late, dropped: st.Dropped, errors: make(map[SourceID]uint64, len(st.SourceStats))}
	st.Frames += t.before.frames
	st.Late += t.before.late
	st.Dropped += t.before.dropped
	for i := range st.SourceStats {
		src := &st.SourceStats[i]
		t.last.errors[src.ID] = src.Errors
		src.Errors += t.before.errors[src.ID]
	}
	return st
}

// retire takes over the counts of a worker that has ended. Sources that it no
// longer had are forgotten.
func (t *tally) retire() {
	t.before.frames += t.last.frames
	t.before.late += t.last.late
	t.before.dropped += t.last.dropped
	if t.last.errors != nil {
		for id := range t.last.errors {
			t.last.errors[id] += t.before.errors[id]
		}
		t.before.errors = t.last.errors
	}
	t.last = counters{}
}
