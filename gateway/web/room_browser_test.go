package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

const (
	roomOpen = `document.querySelector(".room .log") !== null && !document.querySelector(".log-waits")`
	lines    = `[...document.querySelectorAll(".line")].map((l) => l.innerText.replaceAll("\n", " "))`
	lastLine = lines + `.at(-1)`
)

// joinRoom opens the session and takes a name.
func joinRoom(t *testing.T, b browser, s *eventServer, name string) *tab {
	t.Helper()
	p := b.open(t, s.URL+"/s/studio")
	p.until("the room is open", roomOpen)
	p.typeInto("#say", name)
	p.clickOn("Join")
	p.until("one can write", `document.querySelector(".composer #say")?.getAttribute("placeholder") === "Say something kind"`)
	return p
}

func (p *tab) say(text string) {
	p.t.Helper()
	p.typeInto(".composer #say", text)
	p.eval(`(document.querySelector(".composer").requestSubmit(), "")`)
}

// What one says others read, as text and nothing else; what is removed is gone;
// who has gone back reads on undisturbed.
func theChat(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	lou := joinRoom(t, b, s, "lou")
	kenji := joinRoom(t, b, s, "kenji")
	lou.say("<b>that blue</b> is unreal")
	kenji.until("the other reads it", lastLine+` === "lou <b>that blue</b> is unreal"`)
	lou.until("it is sent", `document.querySelector(".line.sent.mine") !== null`)
	s.room.say("m1", "iris", "moderator", "links are in Products")
	lou.until("who has a part has a badge", `document.querySelector(".who-badge.moderator")?.innerText === "moderator"`)
	s.room.hub.Room("studio", map[string]any{"type": "hidden", "id": "m1"}, true)
	lou.until("a removed message is gone", lastLine+` === "Message removed by a moderator"`)

	lou.say("http://spam.example")
	lou.until("what is held is told to its author", `document.querySelector(".line.held")?.innerText.includes("A moderator looks at it first")`)
	s.room.set(func(f *fakeRoom) { f.refuse = "Slow mode is on: wait 10 s." })
	lou.say("again!")
	lou.until("a refusal is told at the message", `document.querySelector(".line.unsent")?.innerText.includes("Not sent. Slow mode is on: wait 10 s.")`)
	lou.click(".line.unsent .link")
	kenji.until("it can be sent again", lastLine+` === "lou again!"`)

	kenji.click(".line .line-more")
	kenji.until("a message can be reported", `document.querySelector("dialog[open]")?.innerText.includes("that blue")`)
	kenji.eval(`(document.querySelector("dialog[open] input[type=radio]").click(), "")`)
	kenji.clickOn("Report")
	s.room.did(t, `/report {"reason":"spam"}`)
	kenji.until("the report is taken", `document.querySelector("dialog[open] .done") !== null`)
	kenji.clickOn("Close")

	for i := range 250 {
		s.room.say(fmt.Sprintf("flood%d", i), "petra", "", fmt.Sprintf("line %d", i))
	}
	kenji.until("a busy chat shows its end", lastLine+` === "petra line 249" && document.querySelectorAll(".line").length === 200`)
	kenji.eval(`(document.querySelector(".log").scrollTop = 2000, "")`)
	kenji.until("the reader has gone back", `document.querySelector(".log").scrollTop === 2000`)
	s.room.say("later", "petra", "", "more")
	kenji.until("the new one waits behind a button", `document.querySelector(".newer")?.innerText === "1 new message" && document.querySelector(".log").scrollTop === 2000`)
	kenji.click(".newer")
	kenji.until("it leads to the end", lastLine+` === "petra more" && !document.querySelector(".newer")`)

	kenji.eval(`(document.activeElement.blur(), "")`)
	kenji.press("/")
	kenji.until("a slash leads to the field", `document.activeElement.id === "say"`)
	kenji.press("Escape")
	kenji.until("Escape leads back", `document.activeElement.tagName === "VIDEO" || document.activeElement.id !== "say"`)
	kenji.eval(`(document.querySelector(".room-settings summary").click(), document.querySelectorAll(".reading input")[0].click(), "")`)
	kenji.until("a screen reader may hear each message", `document.querySelector(".log").ariaLive === "polite" && localStorage["regie-reading"] === "all"`)
}

// A draft and an unsent message outlive a reload and a server that is away.
func nothingTypedIsLost(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	p := joinRoom(t, b, s, "lou")
	s.room.set(func(f *fakeRoom) { f.down = true })
	p.say("are you there?")
	p.until("it is not sent, and says so", `document.querySelector(".line.unsent, .line.sending") !== null`)
	p.typeInto(".composer #say", "half a tho")
	if err := chromedp.Do(p.ctx, chromedp.Navigate(s.URL+"/s/studio")); err != nil {
		t.Fatal(err)
	}
	p.until("both are there after a reload", `document.querySelector(".composer #say")?.value === "half a tho" && `+lastLine+`?.startsWith("lou are you there?")`)
	s.room.set(func(f *fakeRoom) { f.down = false })
	p.until("it is sent by itself", `document.querySelector(".line.sent.mine") !== null && !document.querySelector(".line.unsent")`)
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if n := len(s.room.messages); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func questionsAndPolls(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	s.room.tell("question/q1", aQuestion("q1", "marc", "how long between coats?", "open", 4))
	s.room.tell("poll/p1", aPoll("p1", "open", false))
	p := joinRoom(t, b, s, "lou")
	p.until("the open poll is in sight", `document.querySelectorAll(".poll .option").length === 2 && !document.querySelector(".poll .share")`)
	p.eval(`(document.querySelectorAll(".poll input")[1].click(), "")`)
	p.clickOn("Vote")
	s.room.did(t, `POST room/polls/p1/vote {"option":1}`)
	p.until("the result shows to who has voted", `document.querySelectorAll(".share")[1]?.innerText === "71%"`)

	p.click("#room-questions")
	p.until("the question is there", `document.querySelector(".question")?.innerText.includes("how long between coats?")`)
	p.click(".vote")
	s.room.did(t, "PUT room/questions/q1/vote")
	p.until("the vote shows", `document.querySelector(".vote").ariaPressed === "true"`)
	p.click(".vote")
	s.room.did(t, "DELETE room/questions/q1/vote")
	p.typeInto("#ask", "which clay?")
	p.clickOn("Ask")
	s.room.did(t, `"text":"which clay?"`)
	p.until("the field is free again", `document.querySelector("#ask").value === ""`)

	s.stream.cue("question-q1", "com.regie.question", map[string]any{"id": "q1", "name": "marc", "text": "how long between coats?"}, time.Now().Add(time.Second), 30*time.Second)
	p.click("#room-chat")
	p.until("a question on air is marked when its picture is there", `document.querySelector(".line.mark")?.innerText.includes("marc: how long between coats?")`)
}

// A pin shows when the picture reaches it, stays in the drawer with its moment, and
// a link leads there.
func pinsFollowThePicture(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	s.stream.long()
	p := b.open(t, s.URL+"/s/studio")
	p.until("the room is open, and the picture plays", roomOpen+` && `+playing)
	p.eval(`(document.querySelector("#room-pins").click(), window.told = [], document.addEventListener("regie-cue", (e) => told.push(e.detail)), "")`)
	p.until("nothing was shown yet", `document.querySelector(".room-panel").innerText.includes("No product has been shown yet")`)
	pin := aPin("pin1", time.Now().Add(2*time.Second), 4)
	s.room.tell("pin/pin1", pin)
	s.stream.cue("pin-pin1", "com.regie.pin", pin, pin["start"].(time.Time), 4*time.Second)
	p.until("it shows", `document.querySelector(".pin-card")?.innerText.includes("Speckled stoneware") && document.querySelector(".pin-card").innerText.includes("€14.00 · 32 left")`)
	p.until("with its picture, not before", `told.length > 0`)
	p.until("the drawer has it", `document.querySelectorAll(".pin-row").length === 1 && document.querySelector(".pin-row a").getAttribute("href") === "/p/pin1"`)
	p.until("the time line has a tick", `document.querySelectorAll(".timeline-tick").length === 1`)
	p.until("it goes", `!document.querySelector(".pin-card")`)
	p.until("it stays in the drawer", `document.querySelectorAll(".pin-row").length === 1`)
	p.click(".pin-moment .link")
	p.until("its moment is a click away", `document.querySelector(".pin-card") !== null && document.querySelector(".live-button:not(.is-live)") !== null`)

	then := time.Now().Add(-25 * time.Second).UTC().Format(time.RFC3339)
	q := b.open(t, s.URL+"/s/studio?t="+then)
	q.until("a link leads to its moment", `/^(1[5-9]|2[0-9]|3[0-9]) s behind$/.test(document.querySelector(".live-button")?.innerText)`)
	old := b.open(t, s.URL+"/s/studio?t=2020-01-01T00:00:00Z")
	old.until("a moment that is no more is told", `document.querySelector(".below")?.innerText.includes("no longer kept")`)
}

func aHand(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	p := joinRoom(t, b, s, "lou")
	p.clickOn("Raise hand")
	p.typeInto("#hand-note", "my kiln cracked")
	p.eval(`(document.querySelector("dialog[open] .primary").click(), "")`)
	s.room.did(t, `POST room/hand {"note":"my kiln cracked","up":true}`)
	p.until("it is up", `document.querySelector(".hand")?.ariaPressed === "true"`)
	s.room.say("m1", "kenji", "", "hello")
	p.until("this viewer is told things", lastLine+` === "kenji hello"`)
	p.click(".reaction.heart")
	s.room.did(t, `POST room/reactions {"kind":"heart","n":1}`)
	p.until("it floats", `document.querySelector(".screen .float.heart") !== null`)
	s.room.hub.Room("studio", map[string]any{"type": "reactions", "counts": map[string]int{"clap": 3}}, false)
	p.until("others' float too", `document.querySelectorAll(".float.clap").length === 3`)
	s.room.hub.Me("viewer1", map[string]any{"type": "invite", "url": "/j/INVITE", "session": "studio"})
	p.until("the way to the stage appears, and the hand is down", `document.querySelector(".invited a")?.getAttribute("href") === "/j/INVITE" && document.querySelector(".hand").ariaPressed === "false"`)
}

// What the creator does at the desk reaches the API.
func theAudienceAtTheDesk(t *testing.T, b browser) {
	s := newStageServer(t)
	s.set(func(d *show.Desk) { d.Phase = show.Live })
	s.room.tell("question/q1", aQuestion("q1", "marc", "how long between coats?", "open", 4))
	s.room.tell("poll/p1", aPoll("p1", "open", false))
	s.room.set(func(f *fakeRoom) {
		f.hands = []map[string]any{{"viewer": "v7", "name": "petra", "note": "my kiln cracked", "at": time.Now().UTC()}}
	})
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the room is open", roomOpen)
	h.say("hello all")
	h.until("the creator writes, with a badge", lastLine+`?.startsWith("Ana creator hello all")`)
	h.click("#room-questions")
	h.clickOn("Answer next")
	s.room.did(t, `PATCH room/questions/q1 {"state":"next"}`)
	h.clickOn("On air")
	s.room.did(t, `PATCH room/questions/q1 {"state":"on_air"}`)
	h.click("#room-polls")
	h.eval(`(document.querySelector(".new-poll").open = true, "")`)
	h.typeInto("#poll-question", "Next colour?")
	for n, text := range []string{"Blue", "Green"} {
		h.typeInto(fmt.Sprintf(".new-poll .form > input:nth-of-type(%d)", n+1), text)
	}
	h.clickOn("Start the poll")
	s.room.did(t, `POST room/polls {"options":["Blue","Green"],"question":"Next colour?"}`)
	h.eval(`([...document.querySelectorAll(".poll button")].find((b) => b.innerText === "Close").click(), "")`)
	s.room.did(t, `PATCH room/polls/p1 {"state":"closed"}`)
	h.click("#room-pins")
	h.clickOn("Pin now")
	s.room.did(t, `POST pins {"product":"p1"}`)
	s.room.tell("pin/pin1", aPin("pin1", time.Now(), 60))
	h.clickOn("Unpin")
	s.room.did(t, "DELETE pins/pin1")
	h.click("#room-hands")
	h.clickOn("Invite on stage")
	s.room.did(t, `POST room/hands/v7 {"admit":true}`)
}

// axe-core finds nothing in the room, in any of its tabs, either theme, on a desk or a phone.
func roomAccessible(t *testing.T, b browser) {
	s := newEventServer(t, show.Live)
	s.stream.long()
	began := time.Now()
	for i, l := range [][3]string{{"lou", "", "that blue is unreal"}, {"nadia", "", "bonjour de Lyon"}, {"Iris", "moderator", "links to tools are in Products"}, {"Ana", "creator", "thank you all for coming"}, {"kenji", "", "do you bisque first?"}, {"ליאור", "", "שלום מתל אביב"}} {
		s.room.say(fmt.Sprint("m", i), l[0], l[1], l[2])
	}
	s.room.tell("question/q1", aQuestion("q1", "marc", "how long between coats?", "on_air", 9))
	s.room.tell("question/q2", aQuestion("q2", "petra", "Which clay do you use for thin mugs, and where do you buy it?", "open", 4))
	s.room.tell("question/q3", aQuestion("q3", "kenji", "do you bisque first?", "answered", 2))
	s.room.tell("poll/p1", aPoll("p1", "closed", true))
	pin := aPin("pin1", began.Add(-5*time.Second), 600)
	s.room.tell("pin/pin1", pin)
	s.room.tell("pin/pin2", aPin("pin2", began.Add(-20*time.Second), 5))
	s.stream.cue("pin-pin1", "com.regie.pin", pin, began.Add(-5*time.Second), 600*time.Second)
	s.stream.cue("question-q1", "com.regie.question", map[string]any{"id": "q1", "name": "marc", "text": "how long between coats?"}, began.Add(-4*time.Second), 600*time.Second)
	p := joinRoom(t, b, s, "lou")
	fr := b.open(t, s.URL+"/s/studio?lang=fr")
	desk := newStageServer(t)
	desk.set(func(d *show.Desk) { d.Phase, d.Since = show.Live, time.Now() })
	desk.room.say("d1", "lou", "", "that blue is unreal")
	desk.room.tell("question/q2", aQuestion("q2", "petra", "Which clay do you use for thin mugs, and where do you buy it?", "open", 4))
	desk.room.tell("poll/p1", aPoll("p1", "open", false))
	desk.room.set(func(f *fakeRoom) {
		f.hands = []map[string]any{{"viewer": "v7", "name": "petra", "note": "my kiln cracked", "at": time.Now().UTC()}}
	})
	h := b.open(t, desk.URL+"/studio/studio")
	h.until("the desk's room is open", roomOpen)
	p.say("my kiln is jealous")
	p.until("the pin and the question show", `document.querySelector(".pin-card") !== null && document.querySelector(".line.mark") !== null`)
	s.room.set(func(f *fakeRoom) { f.refuse = "Links are off for now." })
	p.say("see example.org")
	p.until("one is refused", `document.querySelector(".line.unsent") !== null`)
	fr.until("the room is open in French", roomOpen+` && document.querySelector(".pin-card") !== null`)
	for _, page := range []struct {
		name string
		*tab
		before string
	}{
		{"chat", p, "#room-chat"}, {"questions", p, "#room-questions"}, {"polls", p, "#room-polls"}, {"pins", p, "#room-pins"}, {"name, French", fr, "#room-chat"},
		{"desk chat", h, "#room-chat"}, {"desk questions", h, "#room-questions"}, {"desk polls", h, "#room-polls"}, {"desk pins", h, "#room-pins"}, {"desk hands", h, "#room-hands"},
	} {
		page.click(page.before)
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1360, 860}, {"light", 1360, 860}, {"light", 390, 844}} {
			page.t = t
			page.look(look.theme, look.width, look.height)
			if page.tab != h {
				page.until("the controls are there", controlsShown)
			}
			page.picture(fmt.Sprintf("room-%s-%s-%d", strings.NewReplacer(", ", "-", " ", "-").Replace(page.name), look.theme, look.width))
			if found := page.axe(); found != "" {
				t.Errorf("%s, %s, %d wide:\n%s", page.name, look.theme, look.width, found)
			}
			if wide := page.eval(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); wide != "0" {
				t.Errorf("%s is %s too wide for %d", page.name, wide, look.width)
			}
		}
	}
}
