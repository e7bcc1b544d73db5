package transcode

import (
	"bytes"
	"slices"
	"time"

	"github.com/regie-live/regie/transcode/wire"
)

// MaxFade bounds Scene.Fade.
const MaxFade = 2 * time.Second

// SetScene changes the picture with the next frame. What sc points to may be used
// again.
func (s *Session) SetScene(sc Scene) {
	sc.Cells = slices.Clone(sc.Cells)
	if sc.Slate != nil {
		c := *sc.Slate
		sc.Slate = &c
	}
	if sc.LowerThird != nil {
		c := *sc.LowerThird
		sc.LowerThird = &c
	}
	if sc.Fade < 0 || sc.Fade > MaxFade {
		s.log.Warn("a scene asks for a fade out of bounds; it is shortened to them", "fade", sc.Fade, "most", MaxFade)
		sc.Fade = min(max(sc.Fade, 0), MaxFade)
	}
	var png []byte
	if sc.Logo != nil {
		png, sc.Logo = sc.Logo.PNG, &Logo{}
	}
	if len(png) > MaxLogoBytes {
		s.log.Error("the logo is not shown: the file is too large", "bytes", len(png), "most", MaxLogoBytes)
		png = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Scenes change often and the logo hardly ever, so it goes by itself.
	if sc.Logo != nil && !bytes.Equal(png, s.logo) {
		s.logo = bytes.Clone(png)
		s.sendLogo()
	}
	s.send(wire.Scene, 0, sc)
	sc.Fade = 0 // a worker that takes over has nothing to fade from
	s.scene = &sc
}

// sendLogo gives the present worker the logo. mu is held.
func (s *Session) sendLogo() {
	if s.queue != nil {
		s.queue.push(wire.Message{Type: wire.Logo, Payload: s.logo})
	}
}
