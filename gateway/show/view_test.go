package show_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

func TestSessionViewTellsNoSecret(t *testing.T) {
	view := show.NewSessionView(show.Session{
		ID: "studio", Title: "First session",
		Participants: []show.Participant{
			{ID: "host", Name: "Ana", Role: show.Host, Key: "HOST-SECRET"},
			{ID: "guest1", Name: "Théo", Role: show.Guest, Key: "GUEST-SECRET", Source: "rtsp://user:CAMERA-SECRET@10.0.0.1/"},
		},
	}, show.Live, []show.ParticipantID{"guest1"})

	got, err := json.Marshal(view)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"studio","title":"First session","phase":"live","participants":[` +
		`{"name":"Ana","role":"host","on_air":false},{"name":"Théo","role":"guest","on_air":true}],` +
		`"viewers":0,"hls_url":"/live/studio/index.m3u8","whep_url":"/live/studio/whep"}`
	if string(got) != want {
		t.Errorf("JSON is\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(string(got), "SECRET") {
		t.Error("a key or a camera's password is in the view")
	}
}

func TestSessionViewWithoutParticipantsIsAnEmptyList(t *testing.T) {
	got, err := json.Marshal(show.NewSessionView(show.Session{ID: "empty"}, show.Planned, nil))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), `"participants":[]`) {
		t.Errorf("participants must be [] and never null: %s", got)
	}
}

func TestNobodyIsOnAirBeforeOrAfter(t *testing.T) {
	s := show.Session{ID: "glaze", Participants: []show.Participant{{ID: "host", Name: "Ana", Role: show.Host}}}
	for phase, want := range map[show.Phase]bool{show.Planned: false, show.Live: true, show.Ended: false} {
		if got := show.NewSessionView(s, phase, []show.ParticipantID{"host"}).Participants[0].OnAir; got != want {
			t.Errorf("%s: on air is %t", phase, got)
		}
	}
}
