package gateway

import (
	"context"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/webhooks"
)

// This file joins webhooks with what happens.

func (w *wiring) openWebhooks() (err error) {
	post := outside.New(outside.Options{Allow: w.config.Outside.Allow, MaxBytes: 1 << 20})
	w.webhooks, err = webhooks.Open(context.Background(), webhooks.Options{Store: w.store, Post: post, Registerer: w.reg, Logger: w.log})
	if err != nil {
		return err
	}
	w.add("webhooks", func(ctx context.Context) error {
		defer post.Close()
		return w.webhooks.Run(ctx)
	}, func() {})
	return nil
}

// hookPhase is called by a stage's loop, before whoever asked for the change hears
// that it is done. It waits for the disk; pictures and sound do not.
func (w *wiring) hookPhase(of show.SessionID, d show.Desk) {
	switch d.Phase {
	case show.Live:
		w.hook(of, w.webhooks.Started(of, d.Title))
	case show.Ended:
		w.hook(of, w.webhooks.Ended(of))
	}
}

// hook logs that nobody will be told: what happened has happened.
func (w *wiring) hook(of show.SessionID, err error) {
	if err != nil {
		w.log.Error("no webhook is told what happened", "session", of, "error", err)
	}
}
