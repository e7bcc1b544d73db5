package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// asChatter makes this test binary a chat that is killed.
const asChatter = "REGIE_STORE_TEST_CHAT"

// chatter says things, many at once, and which were acknowledged.
func chatter(dir string) {
	s, err := Open(context.Background(), dir)
	if err == nil {
		err = s.PutSession(context.Background(), show.StoredSession{Managed: show.Managed{ID: "studio"}}, entry("session.new"))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var mu sync.Mutex // a line at a time
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("message-%d-%d", who, i)
				if err := s.AddMessage(context.Background(), "studio", show.Said{ID: id, By: "v", Text: id, At: noon}); err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(id)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// TestKill9LosesNoMessage: changes that are stored together are stored before any
// of them is acknowledged.
func TestKill9LosesNoMessage(t *testing.T) {
	for round := range 3 {
		dir := t.TempDir()
		acknowledged := killed(t, asChatter+"="+dir, 50+70*round)
		s := opened(t, dir)
		for _, id := range acknowledged {
			if m, ok, err := s.Message(t.Context(), "studio", id); !ok || err != nil || m.Text != id {
				t.Errorf("%s was acknowledged and is lost: %+v (%v)", id, m, err)
			}
		}
	}
}

// TestTogether: what fails takes nothing of what comes with it.
func TestTogether(t *testing.T) {
	s := opened(t, t.TempDir())
	if err := s.PutSession(t.Context(), show.StoredSession{Managed: show.Managed{ID: "studio"}}, entry("session.new")); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("no")
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			id := fmt.Sprint(i)
			if i%3 == 0 {
				err := s.gather(func(x tx) error {
					_ = x.exec(`INSERT INTO messages (session, id, by, name, badge, text, at, reply_to, question) VALUES ('studio', ?, '', '', '', 'x', 0, '', '')`, id)
					return wrong
				})
				if !errors.Is(err, wrong) {
					t.Errorf("%s: %v", id, err)
				}
				return
			}
			if err := s.AddMessage(t.Context(), "studio", show.Said{ID: id, Text: "x", At: noon}); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	all.Wait()
	r, err := s.Room(t.Context(), "studio", 1000)
	if err != nil || len(r.Messages) != 133 {
		t.Errorf("%d messages (%v), want 133", len(r.Messages), err)
	}
	if err := s.AddMessage(t.Context(), "nowhere", show.Said{ID: "x", Text: "x"}); err == nil {
		t.Error("a message was stored of no session")
	}
}
