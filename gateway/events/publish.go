package events

import (
	"context"
	"encoding/json"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/regie-live/regie/gateway/show"
)

// Desk tells everybody at a session what is different now. What a new page gets is
// the sum of what was told.
func (h *Hub) Desk(session show.SessionID, changes ...show.Change) {
	h.change(channel{kind: deskKind, session: session}, changes)
}

// Live tells the audience of a session: its questions, polls, pins.
func (h *Hub) Live(session show.SessionID, changes ...show.Change) {
	h.change(channel{kind: liveKind, session: session}, changes)
}

// Mod tells the moderators of a session.
func (h *Hub) Mod(session show.SessionID, changes ...show.Change) {
	h.change(channel{kind: modKind, session: session}, changes)
}

// Event tells everybody what is different in the schedule.
func (h *Hub) Event(changes ...show.Change) { h.change(channel{kind: eventKind}, changes) }

// Room tells the audience what was said. What is kept is heard also by a page that
// was away.
func (h *Hub) Room(session show.SessionID, said any, keep bool) {
	began := time.Now()
	var o []centrifuge.PublishOption
	if keep {
		o = append(o, centrifuge.WithHistory(roomHistory, roomTTL))
	}
	h.publish(channel{kind: roomKind, session: session}, said, o...)
	h.metrics.publishing.Observe(time.Since(began).Seconds())
}

// Me tells one viewer what concerns them alone.
func (h *Hub) Me(viewer show.ViewerID, said any) {
	h.publish(channel{kind: meKind, viewer: viewer}, said, centrifuge.WithHistory(meHistory, meTTL))
}

// Say carries a message between the desk and a person, in either direction.
func (h *Hub) Say(session show.SessionID, participant show.ParticipantID, m Message) {
	h.mu.Lock()
	if h.talks[session] == nil {
		h.talks[session] = map[show.ParticipantID]struct{}{}
	}
	h.talks[session][participant] = struct{}{}
	h.mu.Unlock()
	h.publish(channel{kind: talkKind, session: session, person: participant}, m, centrifuge.WithHistory(historySize, historyTTL))
}

func (h *Hub) publish(c channel, said any, o ...centrifuge.PublishOption) {
	data, err := json.Marshal(said)
	if err == nil {
		_, err = h.node.Publish(c.String(), data, o...)
	}
	h.published(c, err)
}

func (h *Hub) change(c channel, changes []show.Change) {
	name := c.String()
	for _, change := range changes {
		if change.Value == nil {
			_, err := h.node.MapRemove(context.Background(), name, change.Key, centrifuge.MapRemoveOptions{})
			h.published(c, err)
			continue
		}
		data, err := json.Marshal(change.Value)
		if err == nil {
			_, err = h.node.MapPublish(context.Background(), name, change.Key, centrifuge.MapPublishOptions{Data: data})
		}
		h.published(c, err)
	}
}

func (h *Hub) published(c channel, err error) {
	if err != nil { // a value that cannot be JSON, a fault of ours; or Redis is away
		h.log.Error("events: a change was not told", "channel", c.String(), "error", err)
		return
	}
	h.metrics.published.WithLabelValues(string(c.kind)).Inc()
}

// Close forgets a session that is no more: its pages hear nothing further.
func (h *Hub) Close(session show.SessionID) {
	for _, k := range []kind{deskKind, liveKind, modKind} {
		name := channel{kind: k, session: session}.String()
		h.end(name)
		if err := h.node.MapClear(context.Background(), name, centrifuge.MapClearOptions{}); err != nil {
			h.log.Error("events: a channel was not forgotten", "channel", name, "error", err)
		}
	}
	h.mu.Lock()
	talks := h.talks[session]
	delete(h.talks, session)
	h.mu.Unlock()
	streams := []channel{{kind: roomKind, session: session}}
	for person := range talks {
		streams = append(streams, channel{kind: talkKind, session: session, person: person})
	}
	for _, c := range streams {
		h.end(c.String())
		if err := h.node.RemoveHistory(c.String()); err != nil {
			h.log.Error("events: a channel was not forgotten", "channel", c.String(), "error", err)
		}
	}
}
