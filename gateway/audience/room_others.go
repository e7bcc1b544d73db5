package audience

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// withOthers adds to our messages what other gateways told their room since, in the
// order in which it was said. Theirs are in no store of ours: they last as long as
// the channel's history.
func withOthers(ours []show.Said, told [][]byte) []show.Said {
	if len(told) == 0 {
		return ours
	}
	known, theirs := map[string]bool{}, map[string]show.Said{}
	for _, m := range ours {
		known[m.ID] = true
	}
	for _, data := range told {
		var t struct {
			Type    string    `json:"type"`
			ID      string    `json:"id"`
			Message show.Said `json:"message"`
			Before  time.Time `json:"before"`
		}
		if json.Unmarshal(data, &t) != nil {
			continue
		}
		switch t.Type {
		case "message", "restored":
			if !known[t.Message.ID] {
				theirs[t.Message.ID] = t.Message
			}
		case "hidden", "deleted":
			delete(theirs, t.ID)
		case "cleared":
			for id, m := range theirs {
				if m.At.Before(t.Before) {
					delete(theirs, id)
				}
			}
		}
	}
	for _, m := range theirs {
		ours = append(ours, m)
	}
	slices.SortStableFunc(ours, func(a, b show.Said) int { return a.At.Compare(b.At) })
	return ours
}
