package stage

import (
	"reflect"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// Returns carries the people of a session to each other, past the mixer. The stage
// decides who gets whom; how it reaches them is not its business. All methods may
// be called from any goroutine, for people Returns has never heard of too, and
// never block.
type Returns interface {
	// SetTracks says what From sends now: H.264 without B-frames, Opus, or both. It
	// comes again whenever From comes anew or changes its coding.
	SetTracks(from show.ParticipantID, tracks []media.Track)
	Write(from show.ParticipantID, au media.AccessUnit)
	// Gone says that From sends nothing more until the next SetTracks.
	Gone(from show.ParticipantID)
	// Route says what every person and desk gets, the most important first; whoever
	// is not in it gets nothing. The map and its slices never change afterwards.
	Route(map[show.ParticipantID][]show.Feed)
	// Program is the program's picture in its smallest size, for all who have a
	// return feed. It has no sound, which would come back as an echo.
	Program(transcode.Packet)
	// Remove ends a person's return feed; their page is told why.
	Remove(id show.ParticipantID, cause error)
}

// route tells Returns who gets whom, and asks the mixer to code what somebody gets
// and browsers could not play. Those who are let in get the stage; the host and
// the desks see behind it too.
func (s *Stage) route() {
	if s.o.Returns == nil {
		return
	}
	routes := make(map[show.ParticipantID][]show.Feed)
	wanted := make(map[show.ParticipantID]bool)
	add := func(id show.ParticipantID, gets []show.Feed, listens bool) {
		routes[id] = gets
		for _, f := range gets {
			wanted[f.From] = wanted[f.From] || listens
		}
	}
	for _, t := range s.seats {
		switch host := t.person.Role == show.Host; {
		case t.of != nil:
		case host || t.place.Admitted():
			add(t.person.ID, s.gets(t.person.ID, host), t.receives)
		}
	}
	for id := range s.desks {
		add(id, s.gets(id, true), true)
	}
	for _, t := range s.seats {
		f := t.feed.Load()
		t.code(s.run != nil && f != nil && f.woken.Load() && f.tracks.Load() != nil && !f.forward.Load() && wanted[t.person.ID])
	}
	if !reflect.DeepEqual(routes, s.routes) {
		s.routes = routes
		s.o.Returns.Route(routes)
	}
}

// gets is what somebody gets: whoever is on air, and behind the stage pictures
// without sound. Nobody hears themselves, and only a host whose encoder sends sees
// themselves: their desk has their picture from nowhere else.
func (s *Stage) gets(id show.ParticipantID, behind bool) []show.Feed {
	var stage, waiting []show.Feed
	for _, t := range s.seats {
		f := t.feed.Load()
		if f == nil || !f.woken.Load() {
			continue
		}
		own := t.own(id, f)
		if own && f.offer.Person != "" {
			continue // their page has it
		}
		switch where := t.whereabouts(); {
		case where == show.OnAir && !own:
			stage = append(stage, show.Feed{From: t.person.ID, Picture: !t.dark(), Sound: !t.silent()})
		case behind && (where == show.Waiting || where.Admitted()):
			waiting = append(waiting, show.Feed{From: t.person.ID, Picture: !t.dark()})
		}
	}
	return append(stage, waiting...)
}

// own says whether what t sends may come from who gets a return feed. The host's seat
// is taken by whoever hosts: what a page sends there is told apart, what an encoder
// sends is not.
func (t *seat) own(id show.ParticipantID, f *feed) bool {
	if t.person.Role != show.Host {
		return t.person.ID.Owner() == id
	}
	return id.Hosts() && (f.offer.Person == "" || f.offer.Person == string(id))
}

// code begins or ends to have the mixer code the seat anew.
func (t *seat) code(on bool) {
	s := t.stage
	if t.coded.Load() == on {
		return
	}
	f := t.feed.Load()
	if on {
		s.o.Returns.SetTracks(t.person.ID, codedTracks(*f.tracks.Load()))
	}
	t.coded.Store(on)
	if s.run != nil {
		s.run.program.SetReturn(t.source, on)
	}
	if !on && (f == nil || !f.forward.Load()) {
		s.o.Returns.Gone(t.person.ID)
	}
}

// codedTracks is what the mixer makes of tracks; see transcode.ReturnUnit.
func codedTracks(tracks []media.Track) (coded []media.Track) {
	for _, t := range tracks {
		if t.Codec.Kind() == media.Video {
			coded = append(coded, media.Track{Codec: media.H264})
		} else {
			coded = append(coded, media.Track{Codec: media.Opus, SampleRate: transcode.AudioClock, Channels: 2})
		}
	}
	return coded
}

// returned takes what the mixer has coded.
func (s *Stage) returned(u transcode.ReturnUnit) {
	t := (*s.sources.Load())[u.Source]
	if t == nil || !t.coded.Load() {
		return
	}
	if f := t.feed.Load(); f != nil && !f.forward.Load() {
		s.o.Returns.Write(t.person.ID, u.AccessUnit)
	}
}

// forwardable: every browser plays it as it came. RTMP and RTSP may have B-frames
// and sound that browsers do not know.
func forwardable(p ingest.Protocol, tracks []media.Track) bool {
	for _, t := range tracks {
		if t.Codec != media.H264 && t.Codec != media.Opus {
			return false
		}
	}
	return p == ingest.WHIP
}

// setReturn is SetTracks for return feeds.
func (f *feed) setReturn(tracks []media.Track) {
	s, id := f.seat.stage, f.seat.person.ID
	if s.o.Returns == nil {
		return
	}
	f.picture, f.back = 0, 0
	f.forwards(forwardable(f.offer.Protocol, tracks), tracks)
	if f.gone.Load() { // meanwhile
		s.o.Returns.Gone(id)
	}
}

func (f *feed) forwards(on bool, tracks []media.Track) {
	s, id := f.seat.stage, f.seat.person.ID
	was := f.forward.Swap(on)
	switch {
	case on:
		s.o.Returns.SetTracks(id, tracks)
	case was:
		s.o.Returns.Gone(id)
	}
	if on != was && f.woken.Load() {
		s.loop.Post(s.refresh)
	}
}

// A step back in pictures' time counts stepBack, and every step on takes one off. B-frames
// come to more than backMost within a dozen pictures; once or twice it is the sender's
// report that has set the picture right against the sound (Firefox).
const (
	stepBack = 8
	backMost = 2 * stepBack
)

// writeReturn is Write for return feeds. Pictures that are shown before their
// predecessors give B-frames away, which browsers do not play in real time.
func (f *feed) writeReturn(au media.AccessUnit) {
	if !f.forward.Load() {
		return
	}
	if au.Kind == media.Video {
		if back := f.picture - au.PTS; back > 0 && back < time.Second {
			f.back += stepBack
		} else {
			f.back = max(0, f.back-1)
		}
		if f.back > backMost {
			f.forwards(false, nil)
			return
		}
		f.picture = au.PTS
	}
	f.seat.stage.o.Returns.Write(f.seat.person.ID, au)
}

// endReturn is leave for return feeds.
func (t *seat) endReturn(f *feed) {
	t.code(false)
	if f.forward.Swap(false) {
		t.stage.o.Returns.Gone(t.person.ID)
	}
}

// RequestKeyframe asks for a keyframe of what From sends to return feeds, or of the
// program if From is nobody.
func (s *Stage) RequestKeyframe(from show.ParticipantID) {
	now := s.now.Load()
	if from == "" {
		if now != nil {
			(*now).RequestKeyframe()
		}
		return
	}
	t := (*s.sources.Load())[transcode.SourceID(from)]
	if t == nil {
		return
	}
	if f := t.feed.Load(); f != nil && f.forward.Load() {
		t.requestKeyframe()
	} else if now != nil && t.coded.Load() {
		(*now).RequestReturnKeyframe(t.source)
	}
}
