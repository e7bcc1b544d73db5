package stage

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/show"
)

// Longest texts on the picture, in characters.
const (
	maxTitle = 60
	maxLine  = 100
)

// Prepare changes the look in preview.
func (s *Stage) Prepare(p show.LookPatch) error {
	return s.change(func() error {
		switch {
		case p.Layout != nil && !p.Layout.Valid():
			return invalid("there is no layout %.20q; choose auto, solo, two-up, 1+2, 1+3, pip or grid", *p.Layout)
		case p.Slate != nil && !known(*p.Slate):
			return noSlate(*p.Slate)
		case p.Spotlight != nil && *p.Spotlight != "" && s.seat(*p.Spotlight) == nil:
			return unknown(*p.Spotlight)
		}
		set(&s.preview.Layout, p.Layout)
		set(&s.preview.Spotlight, p.Spotlight)
		set(&s.preview.Slate, p.Slate)
		return nil
	})
}

// Take puts the look in preview on the program, at once or with a crossfade.
func (s *Stage) Take(fade bool) error {
	return s.change(func() error {
		if s.leaving() {
			return conflict("the session is ending; nothing can be taken any more")
		}
		if s.program != s.preview {
			s.log.Info("look taken", "layout", s.preview.Layout, "spotlight", s.preview.Spotlight, "slate", s.preview.Slate)
		}
		s.program, s.fade = s.preview, fade
		return nil
	})
}

// Slate puts a slate on the program at once, or takes it off. The look in preview
// follows in this alone, so that the next Take does not undo it unseen.
func (s *Stage) Slate(kind show.SlateKind) error {
	return s.change(func() error {
		switch {
		case !known(kind):
			return noSlate(kind)
		case s.leaving():
			return conflict("the session is ending; nothing can be put on any more")
		}
		s.log.Info("slate", "slate", kind)
		s.program.Slate, s.preview.Slate, s.fade = kind, kind, false
		return nil
	})
}

func known(k show.SlateKind) bool {
	return k == show.NoSlate || k == show.BeRightBack || k == show.CountdownSlate
}

func noSlate(k show.SlateKind) error {
	return invalid("there is no slate %.20q; choose brb, countdown or none", k)
}

// Overlay changes what lies over the picture, at once. An empty patch shows a logo
// that was replaced.
func (s *Stage) Overlay(p show.OverlayPatch) error {
	return s.change(func() error {
		var lower show.LowerThird
		if p.LowerThird != nil {
			lower = show.LowerThird{Title: strings.TrimSpace(p.LowerThird.Title), Line: strings.TrimSpace(p.LowerThird.Line)}
		}
		switch {
		case utf8.RuneCountInString(lower.Title) > maxTitle:
			return invalid("the title has more than %d characters, which is all that fits", maxTitle)
		case utf8.RuneCountInString(lower.Line) > maxLine:
			return invalid("the line has more than %d characters, which is all that fits", maxLine)
		case p.SlateLine != nil && utf8.RuneCountInString(*p.SlateLine) > maxLine:
			return invalid("the slate's line has more than %d characters, which is all that fits", maxLine)
		}
		if p.LowerThird != nil {
			s.overlays.LowerThird = &lower
			if lower == (show.LowerThird{}) {
				s.overlays.LowerThird = nil
			}
		}
		set(&s.overlays.Logo, p.Logo)
		set(&s.overlays.Until, p.Until)
		set(&s.overlays.SlateLine, p.SlateLine)
		return nil
	})
}

// Desk is the whole state, as of the last change. It must not be written to.
func (s *Stage) Desk() show.Desk { return *s.desk.Load() }

func (s *Stage) snapshot() show.Desk {
	d := show.Desk{
		ID: s.o.Session.ID, Title: s.session.Title, Phase: s.phase, Since: s.since,
		EndsAt: s.session.Ends, Autostart: s.session.Autostart,
		Width: s.o.Program.Width, Height: s.o.Program.Height,
		Program: s.picture(s.program), Preview: s.picture(s.preview), Overlays: s.overlays,
		People: make([]show.Person, 0, len(s.seats)),
	}
	for _, t := range s.seats {
		d.People = append(d.People, t.view())
	}
	return d
}

func (t *seat) view() show.Person {
	p := show.Person{
		ID: t.person.ID, Name: t.person.Name, Role: t.person.Role, Place: t.whereabouts(), Since: t.since,
		Present: t.present || t.receives || t.person.Role == show.Host && t.stage.hosted(),
		Muted:   t.muted, CameraOff: t.cameraOff, SelfMuted: t.selfMuted, SelfCameraOff: t.selfCameraOff,
		Volume: t.volume, Hand: t.hand,
	}
	if t.of != nil {
		p.Of = t.of.person.ID
	}
	if f := t.feed.Load(); f != nil {
		p.Via, p.Quality = string(f.offer.Protocol), t.quality
	}
	return p
}

// hosted: whoever may take the host's seat has the desk open.
func (s *Stage) hosted() bool {
	for id := range s.desks {
		if id.Hosts() {
			return true
		}
	}
	return false
}

// publish tells everything that has changed since the last time; the first time,
// everything.
func (s *Stage) publish() {
	now, before := s.snapshot(), *s.desk.Load()
	first := !s.told
	if s.told = true; first {
		before = show.Desk{}
	}
	s.desk.Store(&now)
	s.publishView()
	tell := func(key string, was, is any) {
		if first || !reflect.DeepEqual(was, is) {
			s.o.Changed(show.Change{Key: key, Value: is})
		}
	}
	tell("session", bare(before), bare(now))
	tell("program", before.Program, now.Program)
	tell("preview", before.Preview, now.Preview)
	tell("overlays", before.Overlays, now.Overlays)
	was := make(map[show.ParticipantID]show.Person, len(before.People))
	for _, p := range before.People {
		was[p.ID] = p
	}
	for _, p := range now.People {
		tell("person/"+string(p.ID), was[p.ID], p)
		delete(was, p.ID)
	}
	for id := range was {
		s.o.Changed(show.Change{Key: "person/" + string(id)})
	}
}

// bare is a desk without what has keys of its own.
func bare(d show.Desk) show.Desk {
	d.Program, d.Preview, d.Overlays, d.People = show.Picture{}, show.Picture{}, show.Overlays{}, nil
	return d
}

func (s *Stage) publishView() {
	v := &View{Session: s.session, Phase: s.phase, Since: s.since}
	v.Session.Participants = nil
	for _, t := range s.seats {
		if t.of != nil || !t.direct() && !t.onAir() {
			continue
		}
		v.Session.Participants = append(v.Session.Participants, t.person)
		if f := t.feed.Load(); f != nil && (t.onAir() || t.person.Direct && f.offer.Person == "") {
			v.OnAir = append(v.OnAir, t.person.ID)
		}
	}
	s.view.Store(v)
}
