package show_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

func TestCueValidate(t *testing.T) {
	good := show.Cue{ID: "pin-1", Class: "com.regie.pin", Data: json.RawMessage(`{"title":"Vase \"bleu\""}`)}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*show.Cue){
		"the cue's id":                  func(c *show.Cue) { c.ID = `a"b` },
		"the cue's id \"\"":             func(c *show.Cue) { c.ID = "" },
		"no reverse DNS name":           func(c *show.Cue) { c.Class = "pin" },
		"must not be negative":          func(c *show.Cue) { c.Start = -1 },
		"the cue's data is not JSON":    func(c *show.Cue) { c.Data = json.RawMessage("{") },
		"the cue's data has 2049 bytes": func(c *show.Cue) { c.Data = json.RawMessage(`"` + strings.Repeat("x", 2047) + `"`) },
	} {
		c := good
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
