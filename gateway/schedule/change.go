package schedule

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/regie-live/regie/gateway/internal/picture"
	"github.com/regie-live/regie/gateway/show"
)

// side is how large a picture is kept: a poster on a large screen.
const side = 1600

// SetEvent replaces what the event is called and when it is. Days that sessions
// need stay.
func (s *Service) SetEvent(ctx context.Context, by show.Principal, e show.Event) error {
	if err := s.demand(by, ""); err != nil {
		return err
	}
	e, err := e.Checked()
	if err != nil {
		return err
	}
	zone, err := zoneOf(e.TimeZone)
	if err != nil {
		return err
	}
	e.TimeZone = zone.String()
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.RLock()
	slots := s.book.all()
	s.mu.RUnlock()
	if wrong := e.CheckAll(slots, zone); len(wrong) > 0 {
		return wrong[0].Err
	}
	return s.putEvent(ctx, by, e)
}

func (s *Service) putEvent(ctx context.Context, by show.Principal, e show.Event) error {
	zone, err := zoneOf(e.TimeZone)
	if err != nil {
		return err
	}
	s.mu.RLock()
	at := show.StoredEvent{Event: e, UID: s.book.event.UID}
	s.mu.RUnlock()
	if err := s.o.Store.PutEvent(ctx, at, s.entry(by, "event.change", "", e.Name)); err != nil {
		return err
	}
	s.mu.Lock()
	s.book.event, s.book.zone, s.book.descriptionHTML = at, zone, html(e.Description)
	s.mu.Unlock()
	s.tell()
	return nil
}

// AddCreator adds a creator.
func (s *Service) AddCreator(ctx context.Context, by show.Principal, n show.NewProfile) (show.Profile, error) {
	if err := s.demand(by, ""); err != nil {
		return show.Profile{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.RLock()
	count := len(s.book.profiles)
	taken := func(id show.CreatorID) bool { _, is := s.book.profiles[id]; return is }
	id := n.ID
	if id == "" {
		slug := show.Slug(n.Name, "creator")
		id = show.CreatorID(slug)
		for i := 2; taken(id); i++ {
			id = show.CreatorID(fmt.Sprintf("%s-%d", slug, i))
		}
	}
	is := taken(id)
	s.mu.RUnlock()
	switch {
	case is:
		return show.Profile{}, no(show.Conflict, "There is a creator %s already; choose another id.", id)
	case count >= show.MaxCreators:
		return show.Profile{}, no(show.Conflict, "There are %d creators; delete some who do not come.", count)
	}
	return s.putCreator(ctx, by, "creator.add", show.StoredProfile{ID: id, Name: n.Name, Bio: n.Bio, Links: n.Links})
}

// ChangeCreator changes one.
func (s *Service) ChangeCreator(ctx context.Context, by show.Principal, id show.CreatorID, p show.ProfilePatch) (show.Profile, error) {
	if err := s.demand(by, ""); err != nil {
		return show.Profile{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	at, err := s.creator(id)
	if err != nil {
		return show.Profile{}, err
	}
	to := show.StoredProfile{ID: id, Name: at.Name, Bio: at.Bio, Links: at.Links}
	if p.Name != nil {
		to.Name = *p.Name
	}
	if p.Bio != nil {
		to.Bio = *p.Bio
	}
	if p.Links != nil {
		to.Links = *p.Links
	}
	return s.putCreator(ctx, by, "creator.change", to)
}

func (s *Service) creator(id show.CreatorID) (show.Profile, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.book.profiles[id]
	if !ok {
		return at, no(show.NotFound, "There is no creator %.64q.", id)
	}
	return at, nil
}

// putCreator keeps one as they are to be; their picture stays.
func (s *Service) putCreator(ctx context.Context, by show.Principal, act string, p show.StoredProfile) (show.Profile, error) {
	p, err := p.Checked()
	if err != nil {
		return show.Profile{}, err
	}
	if err := s.o.Store.PutProfile(ctx, p, s.entry(by, act, "", p.Name)); err != nil {
		return show.Profile{}, err
	}
	at := profileOf(p)
	s.mu.Lock()
	at.Picture = s.book.profiles[p.ID].Picture
	s.book.profiles[p.ID] = at
	s.mu.Unlock()
	s.tell()
	return at, nil
}

// RemoveCreator deletes one, and takes them out of their sessions.
func (s *Service) RemoveCreator(ctx context.Context, by show.Principal, id show.CreatorID) error {
	if err := s.demand(by, ""); err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	at, err := s.creator(id)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	var without []show.StoredSlot
	s.mu.RLock()
	for _, slot := range s.book.slots {
		if slices.Contains(slot.Creators, id) {
			slot.Creators = slices.DeleteFunc(slices.Clone(slot.Creators), func(c show.CreatorID) bool { return c == id })
			without = append(without, slot)
		}
	}
	s.mu.RUnlock()
	if err := s.o.Store.RemoveProfile(ctx, id, without, s.entry(by, "creator.remove", "", at.Name)); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.book.profiles, id)
	for _, slot := range without {
		s.book.put(slot)
	}
	s.mu.Unlock()
	s.tell()
	return nil
}

// ChangeSlot changes a session's place in the schedule, and what it says there.
func (s *Service) ChangeSlot(ctx context.Context, by show.Principal, id show.SessionID, p show.SlotPatch) (show.Slot, error) {
	if err := s.demand(by, id); err != nil {
		return show.Slot{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.RLock()
	to := s.book.plans[id]
	at := s.book.slot(id)
	s.mu.RUnlock()
	at, err := s.patched(at, p)
	if err != nil {
		return show.Slot{}, err
	}
	var session show.SessionPatch
	if p.Title != nil && *p.Title != to.title {
		session.Title, to.title = p.Title, *p.Title
	}
	if p.Starts != nil && !p.Starts.Equal(to.starts) {
		session.Starts, to.starts = p.Starts, *p.Starts
	}
	if p.Ends != nil && !p.Ends.Equal(to.ends) {
		session.Ends, to.ends = p.Ends, *p.Ends
	}
	if p.Starts != nil || p.Ends != nil || p.Cancelled != nil {
		s.mu.RLock()
		err = s.book.event.CheckSlot(s.book.show(id, to, at), s.book.all(), s.book.zone)
		s.mu.RUnlock()
		if err != nil {
			return show.Slot{}, err
		}
	}
	if err := s.putSlot(ctx, by, at, session); err != nil {
		return show.Slot{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := s.book.show(id, s.book.plans[id], s.book.slot(id))
	v.DescriptionHTML, v.Phase = s.book.html[id], v.PhaseAt(s.o.Now(), v.Phase)
	return v, nil
}

func (s *Service) patched(at show.StoredSlot, p show.SlotPatch) (show.StoredSlot, error) {
	if p.Description != nil {
		at.Description = *p.Description
	}
	if p.Category != nil {
		at.Category = *p.Category
	}
	if p.Creators != nil {
		at.Creators = *p.Creators
	}
	if p.Cancelled != nil {
		at.Cancelled = *p.Cancelled
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return at.Checked(func(c show.CreatorID) bool { _, is := s.book.profiles[c]; return is })
}

// putSlot keeps a slot that was checked, with what its session is to become, so
// that calendars hear of both at once. With turn held.
func (s *Service) putSlot(ctx context.Context, by show.Principal, at show.StoredSlot, session show.SessionPatch) error {
	if session != (show.SessionPatch{}) {
		done := s.ask(at)
		_, err := s.o.Sessions.ChangeSession(context.WithValue(ctx, checked{}, true), by, at.Session, session)
		done()
		if err != nil {
			return err
		}
	}
	if err := s.keep(ctx, at.Session, &at, s.entry(by, "slot.change", at.Session, "")); err != nil {
		return err
	}
	s.tell()
	return nil
}

// ask notes what a slot will be once its session has changed.
func (s *Service) ask(at show.StoredSlot) (done func()) {
	s.mu.Lock()
	s.book.asked[at.Session] = &at
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		delete(s.book.asked, at.Session)
		s.mu.Unlock()
	}
}

// Picture is a creator's, with its type; nil if they have none.
func (s *Service) Picture(ctx context.Context, id show.CreatorID) ([]byte, string, error) {
	at, err := s.creator(id)
	if err != nil || at.Picture == "" {
		return nil, "", cmp.Or(err, error(no(show.NotFound, "This creator has no picture.")))
	}
	b, err := s.o.Store.Picture(ctx, id)
	return b, http.DetectContentType(b), err
}

// SetPicture takes a PNG or JPEG; nil takes it away.
func (s *Service) SetPicture(ctx context.Context, by show.Principal, id show.CreatorID, file []byte) error {
	if err := s.demand(by, ""); err != nil {
		return err
	}
	to, err := clean(file)
	if err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	at, err := s.creator(id)
	if err != nil {
		return err
	}
	if err := s.o.Store.PutPicture(ctx, id, to.Bytes, to.Hash, s.entry(by, "creator.picture", "", at.Name)); err != nil {
		return err
	}
	at.Picture = profileOf(show.StoredProfile{ID: id, PictureTag: to.Hash}).Picture
	s.mu.Lock()
	s.book.profiles[id] = at
	s.mu.Unlock()
	s.tell()
	return nil
}

// Poster is a session's, with its type.
func (s *Service) Poster(ctx context.Context, id show.SessionID) ([]byte, string, error) {
	s.mu.RLock()
	_, is := s.book.plans[id]
	has := is && s.book.slots[id].PosterTag != ""
	s.mu.RUnlock()
	if !has {
		return nil, "", no(show.NotFound, "This session has no poster.")
	}
	b, err := s.o.Store.Poster(ctx, id)
	return b, http.DetectContentType(b), err
}

// SetPoster takes a PNG or JPEG; nil takes it away.
func (s *Service) SetPoster(ctx context.Context, by show.Principal, id show.SessionID, file []byte) error {
	if err := s.demand(by, id); err != nil {
		return err
	}
	to, err := clean(file)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.RLock()
	_, is := s.book.plans[id]
	s.mu.RUnlock()
	if !is {
		return no(show.NotFound, "There is no session %.64q.", id)
	}
	if err := s.o.Store.PutPoster(ctx, id, to.Bytes, to.Hash, s.entry(by, "slot.poster", id, "")); err != nil {
		return err
	}
	s.mu.Lock()
	at := s.book.slot(id)
	at.PosterTag = to.Hash
	s.book.put(at)
	s.mu.Unlock()
	s.tell()
	return nil
}

// clean makes a picture that somebody sent fit to be shown; none stays none.
func clean(b []byte) (picture.Picture, error) {
	if b == nil {
		return picture.Picture{}, nil
	}
	return picture.Clean(b, side)
}
