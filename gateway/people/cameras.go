package people

import (
	"context"
	"net/url"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

const (
	maxCameras = 4 // of one session: three on air and one to change to
	maxAddress = 1024
)

// Cameras lists those of a session that people added; who they are is their
// participant. It takes who may change the session: an address says much of a house.
func (s *Service) Cameras(_ context.Context, by show.Principal, id show.SessionID) ([]show.Camera, error) {
	if err := s.demand(by, show.MaySessions, id); err != nil {
		return nil, err
	}
	list := []show.Camera{}
	for _, p := range s.camerasOf(id) {
		list = append(list, s.camera(id, p))
	}
	return list, nil
}

func (s *Service) camera(id show.SessionID, p show.StoredParticipant) show.Camera {
	return show.Camera{
		Participant: p.ID, Name: display(p), Address: p.Source.String(), CameraStatus: s.o.Camera(id, p.ID),
	}
}

// AddCamera makes a guest of a camera that we fetch. What an administrator adds may
// stand in a private network; what a creator adds is on the public internet.
func (s *Service) AddCamera(ctx context.Context, by show.Principal, id show.SessionID, n show.NewCamera) (show.Camera, error) {
	if err := s.demand(by, show.MaySessions, id); err != nil {
		return show.Camera{}, err
	}
	name, err := checkedName(n.Name)
	if err != nil {
		return show.Camera{}, err
	}
	reach := show.Public
	if s.May(by, show.MayUsers, "") {
		reach = show.Private
	}
	source := show.SourceURL(n.Address)
	if err := s.checkSource(source, reach); err != nil {
		return show.Camera{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if len(s.camerasOf(id)) >= maxCameras {
		return show.Camera{}, no(show.Conflict, "There are %d cameras in this session already; remove one of them first.", maxCameras)
	}
	person, _, err := s.place(id, show.Guest, "", name)
	if err != nil {
		return show.Camera{}, err
	}
	person.Source, person.Reach = source, reach
	if err := s.store.PutParticipant(ctx, id, person, s.entry(by, "camera.add", id, name)); err != nil {
		return show.Camera{}, err
	}
	s.mu.Lock()
	s.book.put(id, person)
	s.mu.Unlock()
	s.tellPersonAdded(id, person)
	return s.camera(id, person), nil
}

func (s *Service) camerasOf(id show.SessionID) (list []show.StoredParticipant) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v := s.book.sessions[id]; v != nil {
		for _, p := range v.People {
			if p.Source != "" && !p.Removed {
				list = append(list, p)
			}
		}
	}
	return list
}

// checkSource never puts the address into its answer.
func (s *Service) checkSource(source show.SourceURL, reach show.Reach) error {
	u, err := url.Parse(string(source))
	if err != nil || !slices.Contains([]string{"rtsp", "rtsps"}, u.Scheme) || u.Hostname() == "" || len(source) > maxAddress {
		return no(show.Invalid, "This is not the address of an RTSP camera. Write rtsp://user:password@camera:554/path, with special characters of the password as %%xx.")
	}
	if s.o.CheckSource == nil {
		return nil
	}
	return s.o.CheckSource(u, reach)
}

// RemoveCamera takes a camera off the stage and forgets its address.
func (s *Service) RemoveCamera(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID) error {
	if err := s.demand(by, show.MaySessions, id); err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	person, err := s.personOf(id, p)
	if err != nil || person.Source == "" {
		return no(show.NotFound, "There is no camera %.40q in this session; it may be removed already.", p)
	}
	return s.remove(ctx, id, person, errRemoved, s.entry(by, "camera.remove", id, display(person)))
}
