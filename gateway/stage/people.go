package stage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// state is what the desk sees of a person, beside who they are and what they send.
type state struct {
	place                    show.Place
	since                    time.Time // when place began
	muted, cameraOff         bool      // by the desk
	selfMuted, selfCameraOff bool
	volume                   float64
	quality                  string
	present                  bool // their page is open
	met                      bool // it has been
	hand                     bool
}

// onAir: viewers see and hear them. A screen goes where its owner goes.
func (t *seat) onAir() bool { return t.whereabouts() == show.OnAir }

func (t *seat) whereabouts() show.Place {
	if t.of != nil {
		return t.of.place
	}
	return t.place
}

func (t *seat) silent() bool { return t.muted || t.selfMuted }
func (t *seat) dark() bool   { return t.cameraOff || t.selfCameraOff }
func (t *seat) guest() bool  { return t.of == nil && t.person.Role != show.Host }

// direct: needs nobody's leave to go on air.
func (t *seat) direct() bool { return t.person.Direct || t.person.Role == show.Host }

func (s *Stage) seat(id show.ParticipantID) *seat {
	for _, t := range s.seats {
		if t.person.ID == id {
			return t
		}
	}
	return nil
}

// index lets those outside the loop find seats.
func (s *Stage) index() {
	m := make(map[transcode.SourceID]*seat, len(s.seats))
	for _, t := range s.seats {
		m[t.source] = t
	}
	s.sources.Store(&m)
}

// AddPerson lets somebody come; one who is known already may have a new name, and
// one who was removed begins anew. They are invited until they do something.
func (s *Stage) AddPerson(p show.Participant) error {
	return s.change(func() error {
		if p.ID == "" || p.ID.Owner() != p.ID {
			return invalid("%q cannot be the id of a person", p.ID)
		}
		if p.Gain == 0 {
			p.Gain = 1
		}
		if t := s.seat(p.ID); t != nil {
			p.Role, p.Direct, p.Name = t.person.Role, t.person.Direct, cmp.Or(p.Name, t.person.Name)
			t.person = p
			if t.place == show.Removed {
				t.state = newSeat(s, p).state
			}
			t.mix()
			return nil
		}
		if err := s.makeRoom(); err != nil {
			return err
		}
		t := newSeat(s, p)
		if at := 0; p.Role == show.Host {
			s.seats = slices.Insert(s.seats, at, t)
		} else {
			s.seats = append(s.seats, t)
		}
		s.index()
		t.mix()
		return nil
	})
}

// makeRoom forgets who was removed first when there are too many.
func (s *Stage) makeRoom() error {
	people := 0
	var removed *seat
	for _, t := range s.seats {
		if t.of == nil {
			people++
		}
		if removed == nil && t.place == show.Removed {
			removed = t
		}
	}
	switch {
	case people < maxPeople:
	case removed != nil:
		s.drop(removed)
	default:
		return conflict("there are %d people already; remove one of them first", people)
	}
	return nil
}

// addScreen makes the seat of owner's screen, after owner's.
func (s *Stage) addScreen(owner *seat) *seat {
	p := show.Participant{ID: owner.person.ID.Screen(), Name: owner.person.Name, Role: owner.person.Role, Gain: 1}
	t := newSeat(s, p)
	t.of = owner
	s.seats = slices.Insert(s.seats, slices.Index(s.seats, owner)+1, t)
	s.index()
	t.mix()
	return t
}

// RemovePerson forgets somebody; what they send is cut off.
func (s *Stage) RemovePerson(id show.ParticipantID) error {
	return s.change(func() error {
		t := s.seat(id)
		if t == nil {
			return nil
		}
		if t.person.Role == show.Host && t.of == nil {
			return conflict("a session has a host; end the session instead")
		}
		s.expel(t)
		s.drop(t)
		return nil
	})
}

// expel ends all that t has with us, and tells why.
func (s *Stage) expel(t *seat) {
	cause := fmt.Errorf("%w: the host has removed you", ingest.ErrRemoved)
	if screen := s.seat(t.person.ID.Screen()); screen != nil {
		screen.disconnect(cause)
	}
	t.disconnect(cause)
	stopTimer(&t.grace)
	t.shown, t.seen, t.receives, t.present = false, false, false, false
	if s.o.Returns != nil {
		s.o.Returns.Remove(t.person.ID, cause)
	}
}

// drop takes t off the list.
func (s *Stage) drop(t *seat) {
	t.code(false)
	stopTimer(&t.grace)
	stopTimer(&t.gone)
	s.seats = slices.DeleteFunc(slices.Clone(s.seats), func(u *seat) bool { return u == t })
	s.index()
	if s.run != nil {
		s.run.program.RemoveSource(t.source)
	}
}

// Move brings somebody to another place: they themselves, or the desk.
func (s *Stage) Move(id show.ParticipantID, to show.Place, byDesk bool) error {
	return s.change(func() error {
		t := s.seat(id)
		switch {
		case t == nil:
			return unknown(id)
		case t.of != nil:
			return conflict("a screen goes where its owner goes; move %s", t.of.person.Name)
		case byDesk:
			return t.moveByDesk(to)
		}
		return t.moveSelf(to)
	})
}

func (t *seat) moveByDesk(to show.Place) error {
	if err := t.place.Moves(to, show.ByDesk); err != nil {
		return err
	}
	switch {
	case to == show.Removed && t.person.Role == show.Host:
		return conflict("the host cannot be removed; end the session instead")
	case to == show.OnAir && t.place != to && t.guest() && t.stage.guestsOnAir() >= show.MaxGuests:
		return conflict("%d guests are on air, which is all there is room for; send one of them back first", show.MaxGuests)
	case to == show.Removed && t.place != to:
		t.stage.expel(t)
	}
	t.put(to, show.ByDesk)
	return nil
}

func (t *seat) moveSelf(to show.Place) error {
	if to == show.Waiting && t.person.Role == show.Host && t.place != show.Removed {
		if !t.place.Admitted() { // nobody has to let the host in
			t.put(show.OnAir, show.ByStage)
		}
		return nil
	}
	if err := t.place.Moves(to, show.ByPerson); err != nil {
		return err
	}
	if f := t.feed.Load(); to == show.Left && f != nil && f.offer.Protocol != ingest.WHIP {
		return nil // the page closes, the encoder goes on
	}
	if to == show.Left {
		stopTimer(&t.grace)
		t.shown = t.shown && t.person.Role == show.Host
	}
	t.put(to, show.ByPerson)
	return nil
}

// enter is where somebody is who begins to send. A guest of the configuration who
// comes by an invite waits like any other.
func (t *seat) enter(f *feed) {
	direct := t.direct() && (f.offer.Person == "" || !t.guest())
	switch {
	case t.of != nil || t.place != show.Invited && t.place != show.Checking && t.place != show.Left &&
		(t.place != show.Waiting || !direct):
	case !direct && f.fetched(): // whoever added the camera has let it in
		t.put(show.Backstage, show.ByStage)
	case !direct:
		t.put(show.Waiting, show.ByStage)
	case t.guest() && t.stage.guestsOnAir() >= show.MaxGuests:
		t.put(show.Backstage, show.ByStage)
	default:
		t.put(show.OnAir, show.ByStage)
	}
}

func (t *seat) put(to show.Place, by show.By) {
	if t.place == to {
		return
	}
	t.stage.log.Info("participant is "+string(to), "participant", t.person.ID, "was", t.place, "by", by)
	t.place, t.since = to, time.Now()
	if to == show.OnAir && !t.person.Direct {
		t.stage.turns++
		t.turn = t.stage.turns
	}
	if !to.Admitted() {
		t.hand = false
	}
}

func (s *Stage) guestsOnAir() (n int) {
	for _, t := range s.seats {
		if t.guest() && t.onAir() {
			n++
		}
	}
	return n
}

// watch runs the clock of a guest who neither sends nor has a page open.
func (t *seat) watch() {
	away := t.guest() && t.feed.Load() == nil && !t.present && !t.receives &&
		(t.place == show.Waiting || t.place.Admitted() || t.place == show.Checking && t.met)
	switch {
	case !away:
		stopTimer(&t.gone)
	case t.gone == nil:
		t.stage.startTimer(&t.gone, t.stage.o.Grace, func() { t.put(show.Left, show.ByStage) })
	}
}

// Receive tells that somebody's return feed has begun or ended. An id that is no
// participant's is a desk.
func (s *Stage) Receive(id show.ParticipantID, begins bool) {
	s.loop.Post(func() {
		switch t := s.seat(id); {
		case t != nil:
			t.receives = begins && t.place != show.Removed
		case begins:
			s.desks[id] = true
		default:
			delete(s.desks, id)
		}
		if begins {
			s.rehearse()
		}
		s.refresh()
	})
}

// Adjust changes what is set of a person.
func (s *Stage) Adjust(id show.ParticipantID, a show.Adjustment, byDesk bool) error {
	return s.change(func() error {
		t := s.seat(id)
		if t == nil {
			return unknown(id)
		}
		if err := t.mayAdjust(a, byDesk); err != nil {
			return err
		}
		t.adjust(a)
		t.mix()
		return nil
	})
}

func (t *seat) mayAdjust(a show.Adjustment, byDesk bool) error {
	desk := a.Muted != nil || a.CameraOff != nil || a.Volume != nil
	self := a.SelfMuted != nil || a.SelfCameraOff != nil
	switch name := t.person.Name; {
	case desk && !byDesk:
		return forbidden("only whoever runs the session does that; mute yourself instead")
	case self && byDesk:
		return forbidden("only %s can do that", name)
	case a.Muted != nil && !*a.Muted:
		return conflict("only %s can unmute; ask them to", name)
	case a.CameraOff != nil && !*a.CameraOff:
		return conflict("only %s can turn their camera on; ask them to", name)
	case a.Volume != nil && !(*a.Volume >= 0 && *a.Volume <= 2):
		return invalid("the volume is %v; choose 0 to 2, where 1 leaves it as it is", *a.Volume)
	case a.Hand != nil && *a.Hand && byDesk:
		return forbidden("only %s can raise their hand", name)
	case a.Name != nil:
		*a.Name = strings.TrimSpace(*a.Name)
		if n := utf8.RuneCountInString(*a.Name); n < 1 || n > 40 {
			return invalid("a name has 1 to 40 characters; this one has %d", n)
		}
	}
	return nil
}

func (t *seat) adjust(a show.Adjustment) {
	silent, dark := t.silent(), t.dark()
	set(&t.muted, a.Muted)
	set(&t.cameraOff, a.CameraOff)
	set(&t.volume, a.Volume)
	set(&t.selfMuted, a.SelfMuted)
	set(&t.selfCameraOff, a.SelfCameraOff)
	set(&t.person.Name, a.Name)
	set(&t.hand, a.Hand)
	set(&t.present, a.Present)
	set(&t.quality, a.Quality)
	t.met = t.met || t.present
	if a.SelfMuted != nil && !*a.SelfMuted {
		t.muted = false
	}
	if a.SelfCameraOff != nil && !*a.SelfCameraOff {
		t.cameraOff = false
	}
	if t.silent() != silent || t.dark() != dark {
		t.stage.log.Info("participant adjusted", "participant", t.person.ID, "muted", t.silent(), "camera_off", t.dark())
	}
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

func unknown(id show.ParticipantID) error {
	return &show.Error{Kind: show.NotFound, Detail: fmt.Sprintf("nobody here is called %.40q; the desk lists who is", id)}
}

func conflict(format string, args ...any) error {
	return &show.Error{Kind: show.Conflict, Detail: fmt.Sprintf(format, args...)}
}

func forbidden(format string, args ...any) error {
	return &show.Error{Kind: show.Forbidden, Detail: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return &show.Error{Kind: show.Invalid, Detail: fmt.Sprintf(format, args...)}
}
