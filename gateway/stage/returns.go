package stage

import (
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
