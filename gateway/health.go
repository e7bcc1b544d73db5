package gateway

import (
	"context"
	"net"
	"reflect"
	"time"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/show"
)

// tellHealth keeps every open desk up to date on how what people send arrives.
func (w *wiring) tellHealth(ctx context.Context) error {
	told := map[show.SessionID]map[string]health.Health{}
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
		before := told
		told = map[show.SessionID]map[string]health.Health{}
		for _, h := range w.houses.all() {
			id := h.session.ID
			now := map[string]health.Health{}
			for _, one := range w.healthOf(id) {
				now["ingest/"+string(one.Participant)] = one
			}
			told[id] = now
			w.events.Desk(id, differences(before[id], now)...)
		}
	}
}

func differences(before, now map[string]health.Health) (changes []show.Change) {
	for key, is := range now {
		if was, ok := before[key]; !ok || !reflect.DeepEqual(was, is) {
			changes = append(changes, show.Change{Key: key, Value: is})
		}
	}
	for key := range before {
		if _, ok := now[key]; !ok {
			changes = append(changes, show.Change{Key: key})
		}
	}
	return changes
}

// reached is the address of another port of the host that a request asked for,
// without the port if it is the protocol's own.
func reached(host, addr, usual string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, port, err := net.SplitHostPort(addr); err == nil && port != usual {
		return net.JoinHostPort(host, port)
	}
	return host
}
