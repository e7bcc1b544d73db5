package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/events"
	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/whip"
	"github.com/regie-live/regie/gateway/returns"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// stageServer is an appliance with one stage: the real ways in, return feed and
// events around a desk that the test sets. The rules of the stage are package
// stage's, and are tested there; here a page's acts are noted.
type stageServer struct {
	*httptest.Server
	hub   *events.Hub
	room  *fakeRoom
	feed  *returns.Feed
	began time.Time
	// silent: nobody is told anything by events
	silent atomic.Bool

	sending sync.Mutex        // guards those who send; the feed asks while mu is held
	keys    map[string]func() // asks for a keyframe
	first   map[string]string // the size of somebody's first picture
	ends    map[string]func(error)

	mu     sync.Mutex
	desk   show.Desk
	asked  []string
	refuse string // detail of the next answer, if not empty
}

func newStageServer(t *testing.T) *stageServer {
	t.Helper()
	built(t)
	now := time.Now()
	s := &stageServer{keys: map[string]func(){}, first: map[string]string{}, ends: map[string]func(error){}, began: now, desk: show.Desk{
		ID: "studio", Title: "Glaze day: five mugs, one kiln", Phase: show.Planned, Width: 1280, Height: 720,
		EndsAt:  now.Add(45 * time.Minute),
		Program: show.Picture{Look: show.Look{Layout: show.Auto}}, Preview: show.Picture{Look: show.Look{Layout: show.Auto}},
		People: []show.Person{{ID: "host", Name: "Ana", Role: show.Host, Place: show.Invited, Since: now, Volume: 1}},
	}}
	net, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	s.feed = returns.New(returns.Options{
		Session: "studio", Net: net, BasePath: "/api/v1/sessions/studio/", Logger: slog.New(slog.DiscardHandler),
		Keyframe: func(id show.ParticipantID) {
			s.sending.Lock()
			ask := s.keys[string(id)]
			if id == "" {
				ask = s.keys["host"] // whose picture is the program here
			}
			s.sending.Unlock()
			if ask == nil {
				return
			}
			ask()
			// The host is asked as two sources: the second may come too soon after the first.
			if id == "" {
				time.AfterFunc(600*time.Millisecond, ask)
			}
		},
		Present: func(show.ParticipantID, bool) {},
	})
	door := ingest.NewDoor(ingest.DoorOptions{Seats: s})
	publishers := whip.New(whip.Options{Door: door, Net: net, MediaTimeout: 5 * time.Second})
	s.hub = s.startHub(t)
	mux := http.NewServeMux()
	mux.Handle("/whip", publishers)
	mux.Handle("/whip/", publishers)
	mux.HandleFunc("/api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		if s.silent.Load() {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		s.hub.Handler().ServeHTTP(w, r)
	})
	mux.HandleFunc("/api/v1/sessions/studio/return", s.serveReturn)
	mux.HandleFunc("/api/v1/sessions/studio/return/", s.serveReturn)
	mux.HandleFunc("/api/v1/{rest...}", s.serveAPI)
	mux.Handle("/", Handler(Options{
		Sessions: programmeOf{session("studio", s.desk.Title, show.Planned, "Ana")}, Visitors: s,
		Logger: slog.New(slog.DiscardHandler),
	}))
	s.room = newFakeRoom(s.hub)
	s.room.who = func(r *http.Request) string { return string(s.Who(r).ViewerID()) }
	s.Server = httptest.NewServer(s.room.mount(mux))
	t.Cleanup(func() {
		s.Close()
		publishers.Close()
		s.feed.Close()
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	s.set(func(*show.Desk) {}) // the events begin with the desk
	return s
}

func (s *stageServer) startHub(t *testing.T) *events.Hub {
	t.Helper()
	hub, err := events.New(events.Options{
		Who: s.Who,
		May: func(p show.Principal, perm show.Permission, _ show.SessionID) bool { return p.Kind == show.Account },
		ParticipantOf: func(p show.Principal, _ show.SessionID) (show.ParticipantID, bool) {
			return p.Participant, p.Kind == show.Invitee
		},
		Registerer: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler), AskAgain: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, hub)
}

// run lets a hub work until the test ends.
func run(t *testing.T, hub *events.Hub) *events.Hub {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("the hub did not stop: %v", err)
		}
	})
	return hub
}

// Who is a guest when the browser has joined, else the host's account.
func (s *stageServer) Who(r *http.Request) show.Principal {
	if c, err := r.Cookie("regie"); err == nil {
		return show.Principal{Kind: show.Invitee, Role: show.Guest, Name: c.Value, Session: "studio", Participant: show.ParticipantID(c.Value)}
	}
	return show.Principal{Kind: show.Account, User: "u1", Name: "Ana", Role: show.Creator}
}

func (s *stageServer) MayDesk(p show.Principal, _ show.SessionID) bool { return p.Kind == show.Account }

func (s *stageServer) Invitation(_ *http.Request, token show.Token) (show.Invitation, error) {
	if string([]byte(token)) == "revoked" {
		return show.Invitation{}, &show.Error{Kind: show.Gone, Detail: "revoked"}
	}
	if string([]byte(token)) == "over" {
		return show.Invitation{Session: "studio", Title: "Glaze day: five mugs, one kiln", Seat: show.Guest, Phase: show.Ended}, nil
	}
	return show.Invitation{Session: "studio", Title: "Glaze day: five mugs, one kiln", Seat: show.Guest}, nil
}

// Claim lets a token be a seat: it is the participant's name.
func (s *stageServer) Claim(o ingest.Offer) (ingest.Seat, error) {
	id := string([]byte(o.Key))
	s.sending.Lock()
	defer s.sending.Unlock()
	s.keys[id], s.ends[id] = o.RequestKeyframe, o.Disconnect
	return ingest.Seat{Session: "studio", Participant: show.ParticipantID(id), Role: show.Guest, Sink: stageSink{s, show.ParticipantID(id)}}, nil
}

// stageSink passes what somebody sends on to everybody else; the host's picture is
// the program too.
type stageSink struct {
	s  *stageServer
	id show.ParticipantID
}

func (k stageSink) SetTracks(tracks []media.Track) {
	k.s.feed.SetTracks(k.id, tracks)
	k.s.set(func(d *show.Desk) { k.s.person(d, k.id).Via = "whip" })
}

func (k stageSink) Write(au media.AccessUnit) {
	k.s.measure(string(k.id), au)
	k.s.feed.Write(k.id, au)
	if k.id == "host" && au.Kind == media.Video {
		pts := int64(time.Since(k.s.began).Seconds() * transcode.VideoClock)
		k.s.feed.Program(transcode.Packet{Track: transcode.Video, PTS: pts, Key: au.Key, Data: au.Data})
	}
}

func (k stageSink) Close(error) {
	k.s.feed.Gone(k.id)
	k.s.set(func(d *show.Desk) { k.s.person(d, k.id).Via = "" })
}

// measure notes the size of a first picture.
func (s *stageServer) measure(id string, au media.AccessUnit) {
	s.sending.Lock()
	defer s.sending.Unlock()
	var nals h264.AnnexB
	if au.Kind != media.Video || s.first[id] != "" || nals.Unmarshal(au.Data) != nil {
		return
	}
	for _, nal := range nals {
		var sps h264.SPS
		if sps.Unmarshal(nal) == nil {
			s.first[id] = fmt.Sprint(sps.Width(), " × ", sps.Height())
		}
	}
}

// set changes the desk and tells everybody.
func (s *stageServer) set(change func(*show.Desk)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.desk.People = slices.Clone(s.desk.People) // what was told stays as it was
	change(&s.desk)
	d := s.desk
	frame := d
	frame.Program, frame.Preview, frame.Overlays, frame.People = show.Picture{}, show.Picture{}, show.Overlays{}, nil
	changes := []show.Change{{Key: "session", Value: frame}, {Key: "program", Value: d.Program}, {Key: "preview", Value: d.Preview}, {Key: "overlays", Value: d.Overlays}}
	route := map[show.ParticipantID][]show.Feed{}
	for _, p := range d.People {
		changes = append(changes, show.Change{Key: "person/" + string(p.ID), Value: p})
		for _, other := range d.People {
			if other.ID != p.ID {
				route[p.ID] = append(route[p.ID], show.Feed{From: other.ID, Picture: true, Sound: true})
			}
		}
	}
	s.hub.Desk("studio", changes...)
	s.feed.Route(route)
}

// person is one of the desk, who comes to be when they are named.
func (s *stageServer) person(d *show.Desk, id show.ParticipantID) *show.Person {
	for i := range d.People {
		if d.People[i].ID == id {
			return &d.People[i]
		}
	}
	d.People = append(d.People, show.Person{ID: id, Name: string(id), Role: show.Guest, Place: show.Invited, Since: time.Now(), Volume: 1})
	return &d.People[len(d.People)-1]
}

func (s *stageServer) serveReturn(w http.ResponseWriter, r *http.Request) {
	who := s.Who(r).Participant
	if who == "" {
		who = "host"
	}
	s.feed.Serve(w, r, returns.Receiver{ID: who, Role: show.Guest})
}

// serveAPI notes what is asked, and does what the pages need to go on.
func (s *stageServer) serveAPI(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // most have none
	what := r.Method + " " + strings.TrimPrefix(r.PathValue("rest"), "sessions/studio/")
	s.mu.Lock()
	if r.Method != http.MethodGet {
		text, _ := json.Marshal(body)
		s.asked = append(s.asked, what+" "+string(text))
	}
	refuse := s.refuse
	s.refuse = ""
	desk := s.desk
	s.mu.Unlock()
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	if refuse != "" {
		answer(http.StatusConflict, map[string]any{"status": http.StatusConflict, "detail": refuse})
		return
	}
	who := s.Who(r).Participant
	if who == "" {
		who = "host"
	}
	switch what {
	case "GET desk":
		answer(200, desk)
	case "POST join":
		id := fmt.Sprintf("guest%d", len(desk.People)) // the host is one of them
		http.SetCookie(w, &http.Cookie{Name: "regie", Value: id, Path: "/"})
		s.set(func(d *show.Desk) { s.person(d, show.ParticipantID(id)).Name = fmt.Sprint(body["name"]) })
		answer(201, map[string]any{"session": "studio", "participant": id})
	case "POST me/publish":
		answer(201, map[string]any{"token": who, "whip": "/whip", "ice_servers": []any{}})
	case "POST messages":
		to := show.ParticipantID(fmt.Sprint(body["to"]))
		if to == "host" {
			to = who
		}
		s.hub.Say("studio", to, events.Message{From: who, FromName: string(who), Text: fmt.Sprint(body["text"]), At: time.Now()})
		w.WriteHeader(http.StatusNoContent)
	case "POST invites":
		answer(201, map[string]any{"id": "i1", "seat": "guest", "name": body["name"], "url": "/j/INVITE-TOKEN"})
	case "PATCH me":
		if place, ok := body["place"].(string); ok {
			s.set(func(d *show.Desk) { s.person(d, who).Place = show.Place(place) })
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// did waits until a page has asked for something.
func (s *stageServer) did(t *testing.T, what string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		asked := strings.Join(s.asked, "\n")
		s.mu.Unlock()
		if strings.Contains(asked, what) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody asked for %q, but for\n%s", what, asked)
		}
	}
}

// kick ends what somebody sends, as a stage does.
func (s *stageServer) kick(id string) {
	s.sending.Lock()
	end := s.ends[id]
	s.sending.Unlock()
	end(errors.New("kicked by the test"))
}
