package gateway

import (
	"context"

	"github.com/regie-live/regie/gateway/audience"
)

// This file joins moderators with the audience's channels.

func (w *wiring) openModeration() (err error) {
	w.moderation, err = audience.OpenModeration(context.Background(), audience.ModerationOptions{
		Store: w.store, Floor: w.rooms, Tell: w.events.Mod,
		OutsideAllow: w.config.Outside.Allow, Registerer: w.reg, Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("moderation", w.moderation.Run, func() { runStopped(w.moderation.Run) })
	return nil
}
