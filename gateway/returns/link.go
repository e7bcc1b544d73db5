package returns

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/internal/steer"
)

// pictures is how many people's pictures a receiver gets, by the rung that its link
// takes; with the first also the program's. Sound is always sent: a conversation
// goes on without faces, not without words.
var pictures = [...]int{Slots, 2, 1, 0}

// judgement is the time between two judgements of a link.
const judgement = time.Second

// link is what a receiver's reports say of the way to it, all streams together.
type link struct {
	rung atomic.Int32
	sent atomic.Int64 // packets of pictures since the last look

	mu     sync.Mutex
	steer  steer.Steer
	lost   float64 // the worst share of the reports since the last judgement
	judged time.Time
}

func newLink() *link { return &link{steer: steer.New(0, len(pictures))} }

// again notes how many packets the receiver asks for that it did not ask for before.
// It says whether the rung has changed, as does report.
func (l *link) again(now time.Time, fresh int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turned(l.steer.Repairs(now, int(l.sent.Swap(0)), fresh))
}

// report notes a receiver report about one stream.
func (l *link) report(now time.Time, lost float64, rtt time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost = max(l.lost, lost); now.Sub(l.judged) < judgement {
		return false
	}
	lost, l.lost, l.judged = l.lost, 0, now
	return l.turned(l.steer.Repairs(now, int(l.sent.Swap(0)), 0) || l.steer.Report(now, lost, rtt))
}

func (l *link) turned(changed bool) bool {
	if changed {
		l.rung.Store(int32(l.steer.Rung()))
	}
	return changed
}
