package events

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

const (
	historySize = 50             // messages kept of a talk
	historyTTL  = 24 * time.Hour // and for how long
	streamSize  = 500            // changes of a desk that a page may have missed
	maxQueue    = 256 << 10      // bytes that wait for a page
	maxMessage  = 16 << 10       // bytes that a page may say at once
	writeFor    = 5 * time.Second
	askAgain    = time.Minute
	perUser     = 32 // sockets of one principal
	stopFor     = time.Second
)

// Options say what New works with. The functions may do a little I/O.
type Options struct {
	// Who says whose the request is; it is asked again while the socket is open.
	Who func(*http.Request) show.Principal
	May func(show.Principal, show.Permission, show.SessionID) bool
	// ParticipantOf says who somebody is on a session's stage.
	ParticipantOf func(show.Principal, show.SessionID) (show.ParticipantID, bool)
	Registerer    prometheus.Registerer
	Logger        *slog.Logger
	// AskAgain is how often Who is asked, in whole seconds; default: a minute.
	AskAgain time.Duration
}

// Message is one thing said between the desk and a person.
type Message struct {
	From     show.ParticipantID `json:"from"` // "desk" if not said as a participant
	FromName string             `json:"from_name"`
	Text     string             `json:"text"`
	At       time.Time          `json:"at"`
}

// Hub has the open sockets. Create it with New, then call Run.
type Hub struct {
	o       Options
	log     *slog.Logger
	node    *centrifuge.Node
	socket  http.Handler
	metrics *metrics

	mu    sync.Mutex
	talks map[show.SessionID]map[show.ParticipantID]struct{} // that have a history
}

// New returns a hub that works at once; Run must follow, for it to be stopped.
func New(o Options) (*Hub, error) {
	if o.AskAgain == 0 {
		o.AskAgain = askAgain
	}
	h := &Hub{o: o, log: o.Logger, metrics: newMetrics(o.Registerer), talks: map[show.SessionID]map[show.ParticipantID]struct{}{}}
	var err error
	h.node, err = centrifuge.New(centrifuge.Config{
		LogLevel:            centrifuge.LogLevelInfo,
		LogHandler:          h.note,
		ClientQueueMaxSize:  maxQueue,
		UserConnectionLimit: perUser,
		// centrifuge's own metrics have names and labels of their own kind; ours
		// say what an operator needs.
		Metrics: centrifuge.MetricsConfig{RegistererGatherer: prometheus.NewRegistry()},
		Map: centrifuge.MapConfig{GetMapChannelOptions: func(string) centrifuge.MapChannelOptions {
			return centrifuge.MapChannelOptions{Mode: centrifuge.MapModePersistent, StreamSize: streamSize, StreamTTL: 10 * time.Minute}
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	h.node.OnConnecting(h.connecting)
	h.node.OnConnect(h.connected)
	if err := h.node.Run(); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	h.socket = centrifuge.NewWebsocketHandler(h.node, centrifuge.WebsocketConfig{
		CheckOrigin:      func(*http.Request) bool { return true }, // ServeHTTP did
		MessageSizeLimit: maxMessage,
		WriteTimeout:     writeFor,
	})
	return h, nil
}

// Run works until ctx ends; then every page is told to come again later.
func (h *Hub) Run(ctx context.Context) error {
	<-ctx.Done()
	timeout, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	if err := h.node.Shutdown(timeout); err != nil {
		h.log.Debug("events: a page did not say goodbye in time", "error", err)
	}
	return nil
}

// Desk tells everybody at a session what is different now. What a new page gets is
// the sum of what was told.
func (h *Hub) Desk(session show.SessionID, changes ...show.Change) {
	name := channel{session: session}.String()
	for _, c := range changes {
		if c.Value == nil {
			_, err := h.node.MapRemove(context.Background(), name, c.Key, centrifuge.MapRemoveOptions{})
			h.published("desk", name, err)
			continue
		}
		data, err := json.Marshal(c.Value)
		if err == nil {
			_, err = h.node.MapPublish(context.Background(), name, c.Key, centrifuge.MapPublishOptions{Data: data})
		}
		h.published("desk", name, err)
	}
}

// Say carries a message between the desk and a person, in either direction.
func (h *Hub) Say(session show.SessionID, participant show.ParticipantID, m Message) {
	name := channel{session, participant}.String()
	h.mu.Lock()
	if h.talks[session] == nil {
		h.talks[session] = map[show.ParticipantID]struct{}{}
	}
	h.talks[session][participant] = struct{}{}
	h.mu.Unlock()
	data, err := json.Marshal(m)
	if err == nil {
		_, err = h.node.Publish(name, data, centrifuge.WithHistory(historySize, historyTTL))
	}
	h.published("talk", name, err)
}

// Close forgets a session that is no more: its pages hear nothing further.
func (h *Hub) Close(session show.SessionID) {
	desk := channel{session: session}.String()
	h.end(desk)
	if err := h.node.MapClear(context.Background(), desk, centrifuge.MapClearOptions{}); err != nil {
		h.log.Error("events: a desk was not forgotten", "session", session, "error", err)
	}
	h.mu.Lock()
	talks := h.talks[session]
	delete(h.talks, session)
	h.mu.Unlock()
	for participant := range talks {
		talk := channel{session, participant}.String()
		h.end(talk)
		if err := h.node.RemoveHistory(talk); err != nil {
			h.log.Error("events: a talk was not forgotten", "session", session, "participant", participant, "error", err)
		}
	}
}

func (h *Hub) end(name string) {
	if err := h.node.Unsubscribe("", name, centrifuge.WithUnsubscribeAllUsers(true)); err != nil {
		h.log.Error("events: a channel was not ended", "channel", name, "error", err)
	}
}

// Kick ends the sockets of those whose rights have changed. Their pages connect
// again by themselves, and are refused for good if nobody knows them any more.
func (h *Hub) Kick(principals ...show.Principal) {
	for _, p := range principals {
		user := userOf(p)
		if user == "" {
			continue
		}
		if err := h.node.Disconnect(user, centrifuge.WithCustomDisconnect(rightsChanged)); err != nil {
			h.log.Error("events: sockets were not ended", "user", user, "error", err)
		}
	}
}

func (h *Hub) published(kind, name string, err error) {
	if err != nil { // only a value that cannot be JSON: a fault of ours
		h.log.Error("events: a change was not told", "channel", name, "error", err)
		return
	}
	h.metrics.published.WithLabelValues(kind).Inc()
}

// note brings centrifuge's log into ours.
func (h *Hub) note(e centrifuge.LogEntry) {
	level := slog.LevelDebug // what peers do wrong is no concern of an operator
	if e.Level >= centrifuge.LogLevelWarn {
		level = slog.LevelWarn
	}
	args := make([]any, 0, 2*len(e.Fields)+2)
	for k, v := range e.Fields {
		args = append(args, k, v)
	}
	h.log.Log(context.Background(), level, "events: "+e.Message, args...)
}
