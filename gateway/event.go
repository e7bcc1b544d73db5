package gateway

import (
	"context"

	"github.com/regie-live/regie/gateway/schedule"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins the schedule with the sessions, the store and open pages.

func (w *wiring) openSchedule() (err error) {
	w.schedule, err = schedule.Open(context.Background(), schedule.Options{
		Store: w.store, Sessions: w.people, Planned: w.people.Stages(),
		Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("schedule", w.schedule.Run, func() {})
	return nil
}

// checkPlan asks the schedule, which is opened after people.
func (w *wiring) checkPlan(ctx context.Context, m show.Managed) error {
	return w.schedule.CheckPlan(ctx, m)
}
