package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/show"
)

// What an event is made of comes back as it was put, also after a restart.
func TestEvent(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := s.Event(ctx); err != nil || e.UID != "" {
		t.Fatalf("a new store has the event %+v %v", e, err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	event := show.StoredEvent{UID: "u", Event: show.Event{Name: "Clay", Description: "*d*", TimeZone: "Europe/Paris", Days: []show.Day{{Date: "2026-11-27", Title: "Earth"}}}}
	must(s.PutEvent(ctx, show.StoredEvent{UID: "u", Event: show.Event{Name: "before"}}, entry("event.change")))
	must(s.PutEvent(ctx, event, entry("event.change")))
	ana := show.StoredProfile{ID: "ana", Name: "Ana", Bio: "b", Links: []show.Link{{Label: "Site", URL: "https://a.example"}}}
	must(s.PutProfile(ctx, ana, entry("creator.add")))
	must(s.PutProfile(ctx, show.StoredProfile{ID: "bo", Name: "Bo"}, entry("creator.add")))
	must(s.PutPicture(ctx, "ana", []byte("png"), "t1", entry("creator.picture")))
	ana.Name, ana.PictureTag = "Ana Ruiz", "t1"
	must(s.PutProfile(ctx, ana, entry("creator.change"))) // the picture stays
	slot := show.StoredSlot{Session: "s1", Description: "d", Category: "c", Creators: []show.CreatorID{"ana", "bo"}, Cancelled: true,
		Title: "T", Starts: noon, Ends: noon.Add(time.Hour), Removed: true, Sequence: 3, Changed: noon}
	must(s.PutPoster(ctx, "s1", []byte("jpeg"), "t2", entry("slot.poster")))
	must(s.PutSlot(ctx, slot, entry("slot.change")))
	slot.PosterTag = "t2"
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = opened(t, dir)
	same := func(got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	e, err := s.Event(ctx)
	must(err)
	same(e, event)
	profiles, err := s.Profiles(ctx)
	must(err)
	same(profiles, []show.StoredProfile{ana, {ID: "bo", Name: "Bo", Links: []show.Link{}}})
	slots, err := s.Slots(ctx)
	must(err)
	same(slots, []show.StoredSlot{slot})
	for of, get := range map[string]func() ([]byte, error){
		"png":  func() ([]byte, error) { return s.Picture(ctx, "ana") },
		"jpeg": func() ([]byte, error) { return s.Poster(ctx, "s1") },
		"":     func() ([]byte, error) { return s.Poster(ctx, "nowhere") },
	} {
		b, err := get()
		must(err)
		same(string(b), of)
	}

	slot.Creators = []show.CreatorID{"bo"}
	must(s.RemoveProfile(ctx, "ana", []show.StoredSlot{slot}, entry("creator.remove")))
	slots, _ = s.Slots(ctx)
	same(slots, []show.StoredSlot{slot})
	if b, err := s.Picture(ctx, "ana"); b != nil || err != nil {
		t.Errorf("who is gone has the picture %q %v", b, err)
	}
	must(s.PutPoster(ctx, "s1", nil, "", entry("slot.poster")))
	if b, err := s.Poster(ctx, "s1"); b != nil || err != nil {
		t.Errorf("the poster that was taken away is %q %v", b, err)
	}
}
