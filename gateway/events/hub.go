package events

import (
	"context"
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

	roomHistory = 200 // things said in a room that a page may have missed
	roomTTL     = 24 * time.Hour
	meHistory   = 20
	meTTL       = time.Hour
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
	// Redis is a server through which gateways exchange what audiences say, as
	// redis://HOST:PORT; empty: what is said here stays here.
	Redis string
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
	shared  *centrifuge.RedisBroker // nil without Redis
	leave   func()                  // leaves Redis

	mu    sync.Mutex
	talks map[show.SessionID]map[show.ParticipantID]struct{} // that have a history
}

// New returns a hub that works at once; Run must follow, for it to be stopped.
func New(o Options) (*Hub, error) {
	if o.AskAgain == 0 {
		o.AskAgain = askAgain
	}
	h := &Hub{o: o, log: o.Logger, metrics: newMetrics(o.Registerer), leave: func() {}, talks: map[show.SessionID]map[show.ParticipantID]struct{}{}}
	var err error
	h.node, err = centrifuge.New(centrifuge.Config{
		LogLevel:            centrifuge.LogLevelInfo,
		LogHandler:          h.note,
		ClientQueueMaxSize:  maxQueue,
		UserConnectionLimit: perUser,
		GetBroker:           h.brokerOf,
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
	if o.Redis != "" {
		if err := h.share(o.Redis); err != nil {
			_ = h.node.Shutdown(context.Background())
			return nil, err
		}
	}
	h.countRooms(o.Registerer)
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
	h.leave()
	return nil
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
