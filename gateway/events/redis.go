package events

import (
	"context"
	"fmt"

	"github.com/centrifugal/centrifuge"
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
