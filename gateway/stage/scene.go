package stage

import (
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// refresh draws the picture that the stage's state asks for, and starts or
// stops the clock that ends a deserted session.
func (s *Stage) refresh() {
	if s.run == nil {
		return
	}
	s.run.program.SetScene(s.scene())
	if s.run.leaving || s.o.EndAfter <= 0 || !s.o.Session.Autostart || s.anyoneSends() {
		stopTimer(&s.idle)
	} else if s.idle == nil {
		s.startTimer(&s.idle, s.o.EndAfter, func() { s.beginFarewell("deserted") })
	}
}

func (s *Stage) anyoneSends() bool {
	for _, t := range s.seats {
		if t.feed.Load() != nil {
			return true
		}
	}
	return false
}

// scene is a slate when there is nobody to look at, and cells otherwise: the
// host first, then the guests in their order.
func (s *Stage) scene() transcode.Scene {
	if s.run.leaving {
		return s.slate("Thank you for watching")
	}
	var cast []*seat
	guests := false
	for _, t := range s.seats {
		host := t.person.Role == show.Host
		// A host who was here keeps the first cell while guests hold the stage.
		if t.shown || host && t.seen {
			cast = append(cast, t)
		}
		guests = guests || !host && t.shown
	}
	if len(cast) == 0 {
		return s.slate("Starting soon")
	}
	if host := cast[0]; !guests && host.feed.Load() == nil && s.away == nil {
		return s.slate(host.person.Name + " will be right back")
	}
	var scene transcode.Scene
	for i, c := range show.Arrange(len(cast), s.o.Program.Width, s.o.Program.Height) {
		scene.Cells = append(scene.Cells, transcode.Cell{
			Source:  cast[i].source,
			Rect:    transcode.Rect(c),
			Caption: cast[i].person.Name,
		})
	}
	return scene
}

func (s *Stage) slate(line string) transcode.Scene {
	return transcode.Scene{Slate: &transcode.Slate{Title: s.o.Session.Title, Line: line}}
}
