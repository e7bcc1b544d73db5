package gateway

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// errOffAir says that there is no program that a cue could belong to.
var errOffAir = errors.New("the session is not on air; a cue belongs to a moment of its program")

// farAhead bounds how early a cue may be announced.
const farAhead = time.Hour

// announce puts a cue on every way out.
func (b *broadcast) announce(c show.Cue) error {
	if b == nil || b.over.Load() {
		return errOffAir
	}
	if err := b.hls.Announce(c); err != nil {
		return err
	}
	if b.whep == nil {
		return nil
	}
	return b.whep.Announce(c)
}

// cueDocument is a cue as the API reads and writes it: its times are on the wall
// clock, where scripts live.
type cueDocument struct {
	ID       string          `json:"id,omitempty"`       // default: a new one
	Class    string          `json:"class"`              //
	Start    time.Time       `json:"start,omitzero"`     // default: now
	Duration float64         `json:"duration,omitempty"` // seconds
	Data     json.RawMessage `json:"data,omitempty"`
}

// cue brings a document into program time.
func (d *cueDocument) cue(epoch, now time.Time) (show.Cue, error) {
	if d.ID == "" {
		d.ID = rand.Text()
	}
	if d.Start.IsZero() {
		d.Start = now
	}
	d.Start = d.Start.UTC().Round(time.Millisecond)
	if d.Start.After(now.Add(farAhead)) {
		return show.Cue{}, fmt.Errorf("the cue starts at %s, more than an hour from now; announce it later", d.Start.Format(time.RFC3339))
	}
	c := show.Cue{
		ID: d.ID, Class: d.Class, Start: d.Start.Sub(epoch), Data: d.Data,
		Duration: time.Duration(d.Duration * float64(time.Second)).Round(time.Millisecond),
	}
	if c.Start < 0 {
		return c, fmt.Errorf("the cue starts at %s, before the program did", d.Start.Format(time.RFC3339))
	}
	return c, c.Validate()
}

// serveCue takes a cue from the operator: POST /sessions/ID/cues.
func (g *Gateway) serveCue(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, err error) {
		problem.Write(w, problem.Problem{Status: status, Title: "The cue was not taken", Detail: err.Error()})
	}
	h := g.houses.get(show.SessionID(r.PathValue("session")))
	if h == nil {
		refuse(http.StatusNotFound, errors.New("there is no such session; the configuration lists them"))
		return
	}
	var d cueDocument
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4*show.MaxCueData))
	body.DisallowUnknownFields()
	if err := body.Decode(&d); err != nil {
		refuse(http.StatusBadRequest, fmt.Errorf("the body is not a cue: %w; write {\"class\": \"com.example.note\", \"data\": {…}}", err))
		return
	}
	b := h.now.Load()
	if b == nil {
		refuse(http.StatusConflict, errOffAir)
		return
	}
	c, err := d.cue(b.epoch, time.Now())
	if err == nil {
		err = b.announce(c)
	}
	switch {
	case errors.Is(err, errOffAir):
		refuse(http.StatusConflict, err)
	case err != nil:
		refuse(http.StatusUnprocessableEntity, err)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(d) // whoever asked has left: nothing to tell them
	}
}
