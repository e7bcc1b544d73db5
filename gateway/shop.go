package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/internal/picture"
	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/shop"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins the shop with the programs that its pins are on.

func (w *wiring) openShop() (err error) {
	fetch := outside.New(outside.Options{Allow: w.config.Outside.Allow, MaxBytes: picture.MaxBytes, Redirects: 3})
	w.shop, err = shop.Open(context.Background(), shop.Options{
		Store: w.store, Fetch: fetch,
		Announce: w.announcePin,
		Tell:     func(of show.SessionID, c show.Change) { w.events.Live(of, c) },
		Shown:    func(of show.SessionID, p show.Pin) { w.hook(of, w.webhooks.Pin(of, p)) },
		Viewers: func(of show.SessionID) int {
			if h := w.houses.get(of); h != nil {
				return h.audience.Count()
			}
			return 0
		},
		Registerer: w.reg, Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("shop", func(ctx context.Context) error {
		defer fetch.Close()
		return w.shop.Run(ctx)
	}, func() {})
	return nil
}

// announcePin puts a pin on a program as a cue. One that began before the program
// did is there from its first picture on.
func (w *wiring) announcePin(of show.SessionID, p show.Pin, ended bool) error {
	h := w.houses.get(of)
	if h == nil {
		return errNoSession
	}
	b := h.now.Load()
	if b == nil {
		return errOffAir
	}
	c, err := pinCue(p, ended, b.epoch)
	if err != nil {
		return err
	}
	return b.announce(c)
}

func pinCue(p show.Pin, ended bool, epoch time.Time) (show.Cue, error) {
	data, err := json.Marshal(p)
	c := show.Cue{ID: "pin-" + string(p.ID), Class: "com.regie.pin", Start: max(0, p.Start.Sub(epoch)), Data: data}
	if ended {
		c.Duration = max(time.Millisecond, p.Ends().Sub(epoch)-c.Start)
	}
	return c, err
}

// servePin sends a viewer to the shop: GET /p/ID.
func (w *wiring) servePin(rw http.ResponseWriter, r *http.Request) {
	// Nobody followed the link if a browser only prepares for it, or asks what it is.
	followed := r.Method == http.MethodGet && r.Header.Get("Sec-Purpose") == ""
	to := w.shop.Open(show.PinID(r.PathValue("pin")), followed)
	if to == "" {
		problem.Write(rw, problem.Problem{Status: http.StatusNotFound, Title: "There is no such product", Detail: "The link is incomplete, or its session was deleted."})
		return
	}
	h := rw.Header()
	h.Set("Cache-Control", "no-store") // or nobody would count the next one
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Location", to) // as it is stored
	rw.WriteHeader(http.StatusFound)
}
