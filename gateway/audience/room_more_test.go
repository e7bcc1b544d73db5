package audience_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

func TestReactionsAreGathered(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	for range 3 {
		if err := h.React(t.Context(), lou, studio, "heart", 4, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.React(t.Context(), lou, studio, "clap", 1, ""); err != nil {
		t.Fatal(err)
	}
	h.refuses(show.Invalid, h.React(t.Context(), lou, studio, "skull", 1, ""))
	h.refuses(show.Invalid, h.React(t.Context(), lou, studio, "heart", 21, ""))
	h.Flush(t.Context())
	h.Flush(t.Context())
	h.heard(`{"type":"reactions","counts":{"clap":1,"heart":12}}`)
}

func (h *hall) asks(p show.Principal, text string) show.Question {
	h.t.Helper()
	h.pass(30 * time.Second)
	q, heard, err := h.Ask(h.t.Context(), p, studio, show.NewQuestion{ID: h.id(), Text: text}, "")
	if err != nil || heard.Held {
		h.t.Fatalf("%q: %+v (%v)", text, heard, err)
	}
	return q
}

func TestQuestions(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	mei, _ := h.comes("Mei")
	why, how := h.asks(lou, "Why?"), h.asks(mei, "How?")
	set := func(q show.Question, to show.QuestionState) {
		t.Helper()
		if _, err := h.SetQuestion(t.Context(), studio, q.ID, to); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	for range 2 {
		for _, p := range []show.Principal{lou, mei} {
			if err := h.VoteQuestion(t.Context(), p, studio, how.ID, true, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.VoteQuestion(t.Context(), mei, studio, how.ID, false, ""); err != nil {
		t.Fatal(err)
	}
	h.refuses(show.NotFound, h.VoteQuestion(t.Context(), mei, studio, "nothing", true, ""))
	h.Flush(t.Context())
	if s := h.live["question/"+how.ID]; !strings.Contains(s, `"votes":1`) || strings.Contains(s, "voted") {
		t.Errorf("everybody sees %s", s)
	}
	r := h.snapshot(lou)
	if len(r.Questions) != 2 || r.Questions[0].ID != how.ID || !r.Questions[0].Voted || h.snapshot(mei).Questions[0].Voted {
		t.Errorf("Lou sees %+v", r.Questions)
	}
	h.heard()

	h.phase = show.Planned
	_, err := h.SetQuestion(t.Context(), studio, why.ID, show.QuestionOnAir)
	h.refuses(show.Conflict, err)
	h.phase = show.Live
	set(why, show.QuestionOnAir)
	if h.drawn != "Why?" || h.snapshot(lou).State.OnAir != why.ID {
		t.Errorf("%q is drawn; %+v", h.drawn, h.snapshot(lou).State)
	}
	set(how, show.QuestionOnAir)
	if h.drawn != "How?" || !strings.Contains(h.live["question/"+why.ID], "answered") || !strings.Contains(h.live["state"], how.ID) {
		t.Errorf("%q is drawn; %+v", h.drawn, h.live)
	}
	h.heard("message Why?", "message How?")
	if m := h.snapshot(lou).Messages; len(m) != 2 || m[0].Question != why.ID {
		t.Errorf("the chat has %+v", m)
	}
	h.close()
	h.open()
	if s := h.snapshot(lou); s.State.OnAir != how.ID || s.Questions[0].Votes != 1 {
		t.Errorf("after a restart: %+v", s)
	}
	set(how, show.QuestionAnswered)
	if h.drawn != "" || h.snapshot(lou).State.OnAir != "" {
		t.Errorf("%q stays drawn", h.drawn)
	}
	h.refuses(show.Conflict, h.VoteQuestion(t.Context(), mei, studio, how.ID, true, ""))
	_, err = h.SetQuestion(t.Context(), studio, how.ID, "famous")
	h.refuses(show.Invalid, err)
}

func TestPolls(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	mei, _ := h.comes("Mei")
	for _, n := range []show.NewPoll{
		{Question: "", Options: []string{"a", "b"}},
		{Question: "?", Options: []string{"a"}},
		{Question: "?", Options: []string{"a", "b", "c", "d", "e", "f", "g"}},
		{Question: "?", Options: []string{"a", "a"}},
		{Question: "?", Options: []string{"a", "\u202Eb"}},
	} {
		_, err := h.AddPoll(t.Context(), studio, n)
		h.refuses(show.Invalid, err)
	}
	p, err := h.AddPoll(t.Context(), studio, show.NewPoll{Question: "Tea or coffee?", Options: []string{"Tea", "Coffee"}, Seconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	vote := func(who show.Principal, n int) error {
		return h.VotePoll(t.Context(), who, studio, p.ID, n, "")
	}
	for _, v := range []struct {
		who show.Principal
		n   int
	}{{lou, 0}, {mei, 0}, {lou, 1}, {lou, 1}} {
		if err := vote(v.who, v.n); err != nil {
			t.Fatal(err)
		}
	}
	h.refuses(show.Invalid, vote(lou, 2))
	h.refuses(show.Invalid, vote(lou, -1))
	h.Flush(t.Context())
	var seen show.Poll
	if err := json.Unmarshal([]byte(h.live["poll/"+p.ID]), &seen); err != nil || seen.Options[0].Votes != 1 || seen.Options[1].Votes != 1 || seen.Mine != nil {
		t.Errorf("everybody sees %+v (%v)", seen, err)
	}
	h.close()
	h.open()
	if got := h.snapshot(lou).Polls; len(got) != 1 || got[0].Mine == nil || *got[0].Mine != 1 || got[0].Options[0].Votes != 1 || got[0].Shown {
		t.Errorf("after a restart Lou sees %+v", got)
	}
	h.pass(time.Minute)
	h.refuses(show.Conflict, vote(mei, 1))
	h.Flush(t.Context())
	if !strings.Contains(h.live["poll/"+p.ID], `"closed"`) {
		t.Errorf("it did not close by itself: %s", h.live["poll/"+p.ID])
	}
	open, yes := show.PollOpen, true
	if again, err := h.SetPoll(t.Context(), studio, p.ID, show.PollPatch{State: &open, Shown: &yes}); err != nil || again.State != show.PollOpen || !again.Shown || !again.Closes.IsZero() {
		t.Errorf("opened again: %+v (%v)", again, err)
	}
	h.Flush(t.Context())
	if err := vote(mei, 1); err != nil {
		t.Error(err)
	}
}

func TestHands(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	mei, _ := h.comes("Mei")
	raise := func(p show.Principal, up bool, note string) {
		t.Helper()
		h.pass(time.Second)
		if err := h.RaiseHand(t.Context(), p, studio, up, note, ""); err != nil {
			t.Error(err)
		}
	}
	raise(lou, true, "I was there")
	raise(mei, true, "")
	raise(lou, true, "I was there, too")
	raise(mei, false, "")
	hands, err := h.Hands(t.Context(), studio)
	if err != nil || len(hands) != 1 || hands[0].Name != "Lou" || hands[0].Note != "I was there, too" {
		t.Errorf("%+v (%v)", hands, err)
	}
	h.refuses(show.Conflict, h.RaiseHand(t.Context(), host, studio, true, "", ""))
	h.refuses(show.NotFound, h.AnswerHand(t.Context(), iris, studio, mei.Viewer, true))
	h.heard("mod hand true", "mod hand true", "mod hand true", "mod hand false")
	if err := h.AnswerHand(t.Context(), iris, studio, lou.Viewer, true); err != nil {
		t.Fatal(err)
	}
	raise(mei, true, "")
	if err := h.AnswerHand(t.Context(), iris, studio, mei.Viewer, false); err != nil {
		t.Fatal(err)
	}
	h.heard(`me {"type":"invite","url":"/j/Lou","session":"studio"}`, "mod hand false", "mod hand true", `me {"type":"hand","up":false}`, "mod hand false")
}

// What another gateway heard is in the room too.
func TestOthersAreHeard(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	mine := h.must(lou, "here")
	at := mine.At.Add(-time.Second).Format(time.RFC3339Nano)
	h.others = [][]byte{
		[]byte(`{"type":"message","message":{"id":"there-1","by":"x","name":"X","text":"there","at":"` + at + `"}}`),
		[]byte(`{"type":"message","message":{"id":"there-2","by":"x","name":"X","text":"bad","at":"` + at + `"}}`),
		[]byte(`{"type":"message","message":{"id":"` + mine.ID + `","by":"y","text":"here","at":"` + at + `"}}`),
		[]byte(`{"type":"hidden","id":"there-2"}`), []byte(`no json`),
	}
	var texts []string
	for _, m := range h.snapshot(lou).Messages {
		texts = append(texts, m.Text)
	}
	if !slices.Equal(texts, []string{"there", "here"}) {
		t.Errorf("Lou sees %q", texts)
	}
}
