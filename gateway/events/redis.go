package events

import (
	"context"
	"fmt"

	"github.com/centrifugal/centrifuge"

	"github.com/regie-live/regie/gateway/show"
)

// share has what audiences say go through Redis, where the other gateways hear it.
// The stages and their state are this gateway's own: they stay here.
func (h *Hub) share(address string) error {
	shard, err := centrifuge.NewRedisShard(h.node, centrifuge.RedisShardConfig{Address: address})
	if err != nil {
		return fmt.Errorf("audience.redis: %w; start that Redis, or take the key away to run without", err)
	}
	h.shared, err = centrifuge.NewRedisBroker(h.node, centrifuge.RedisBrokerConfig{Prefix: "regie", Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		return fmt.Errorf("audience.redis: %w", err)
	}
	h.leave = func() {
		_ = h.shared.Close(context.Background()) // always nil
		shard.Close()
	}
	if err := h.shared.RegisterBrokerEventHandler(h.node); err != nil {
		h.leave()
		return fmt.Errorf("audience.redis: %w", err)
	}
	return nil
}

// brokerOf says through what a stream goes; nothing: this gateway alone.
func (h *Hub) brokerOf(name string) (centrifuge.Broker, bool) {
	if h.shared == nil {
		return nil, false
	}
	c, _ := parseChannel(name)
	return h.shared, c.kind == roomKind || c.kind == meKind
}

// Said is what was told to a room lately through all gateways that share Redis, the
// oldest first; nothing without.
func (h *Hub) Said(of show.SessionID) [][]byte {
	if h.shared == nil {
		return nil
	}
	name := channel{kind: roomKind, session: of}.String()
	got, err := h.node.History(name, centrifuge.WithLimit(roomHistory))
	if err != nil {
		h.log.Warn("events: Redis does not say what was said", "channel", name, "error", err)
		return nil
	}
	said := make([][]byte, 0, len(got.Publications))
	for _, p := range got.Publications {
		said = append(said, p.Data)
	}
	return said
}
