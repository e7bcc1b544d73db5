// Package demo sends synthetic creators to an appliance over the real protocols:
// RTMP, RTSP and WHIP, as an encoder would. `regie demo` uses it to put a session
// on air without a camera, the tests to know what they should see and hear.
//
// It guarantees: Publish keeps its card's own time (a slow network makes it late,
// never fast), returns the first error, and leaves nothing behind.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// Card is a source of coded media, ordered by due time.
type Card interface {
	Tracks() []media.Track
	// Next returns an access unit and when it is due, counted from the start.
	// io.EOF ends the stream without error.
	Next() (media.AccessUnit, time.Duration, error)
	// RequestKeyframe makes the next picture a keyframe; any goroutine may call it.
	RequestKeyframe()
}

// Target says where to publish. The scheme of URL chooses the protocol:
//
//	rtmp://HOST:PORT/live, rtmps://…   the key is appended
//	rtsp://HOST:PORT/live, rtsps://…   likewise; ?udp sends over UDP
//	http://HOST:PORT/whip, https://…   the key is the bearer token
type Target struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// link is one protocol's connection while it publishes.
type link interface {
	write(au media.AccessUnit, due time.Duration) error
	close()
}

// ErrScheme is returned for a Target whose protocol nobody here speaks.
var ErrScheme = errors.New("the address must start with rtmp, rtmps, rtsp, rtsps, http or https")

// Publish sends the card to the target until the card or ctx ends.
func Publish(ctx context.Context, card Card, to Target) error {
	u, err := url.Parse(to.URL)
	if err != nil {
		return err
	}
	var l link
	switch u.Scheme {
	case "rtmp", "rtmps":
		l, err = dialRTMP(ctx, u, to.Key, card.Tracks())
	case "rtsp", "rtsps":
		l, err = dialRTSP(u, to.Key, card.Tracks())
	case "http", "https":
		l, err = dialWHIP(ctx, u, to.Key, card.Tracks(), card.RequestKeyframe)
	default:
		return fmt.Errorf("%s: %w", u.Redacted(), ErrScheme)
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", u.Host, err)
	}
	defer l.close()
	return play(ctx, card, l)
}

func play(ctx context.Context, card Card, l link) error {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		au, due, err := card.Next()
		if err != nil {
			return err
		}
		timer.Reset(time.Until(start.Add(due)))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := l.write(au, due); err != nil {
			return err
		}
	}
}

// split returns the video and the audio track; either may be nil.
func split(tracks []media.Track) (video, audio *media.Track) {
	for i := range tracks {
		if tracks[i].Codec.Kind() == media.Video {
			video = &tracks[i]
		} else {
			audio = &tracks[i]
		}
	}
	return video, audio
}
