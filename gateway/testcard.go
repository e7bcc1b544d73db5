package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"image/color"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// testCards puts a test card on a stage until the host comes, so that whoever has
// just installed the appliance sees a page that plays. Each is a child process
// (regie creator) that publishes over loopback as an encoder would; it has the
// host's seat, and gives it up to the first who wants it.
type testCards struct {
	command func(context.Context) *exec.Cmd
	target  func() string // address to publish to
	log     *slog.Logger

	mu    sync.Mutex
	ctx   context.Context // of Run; nil before and after
	cards map[show.SessionID]*testCard
	wg    sync.WaitGroup
}

type testCard struct {
	key  show.StreamKey
	stop context.CancelFunc
}

// ourselves is this program as a creator.
func ourselves(ctx context.Context) *exec.Cmd {
	return exec.CommandContext(ctx, "/proc/self/exe", "creator")
}

// Run works until ctx ends and every card has stopped.
func (t *testCards) Run(ctx context.Context) error {
	t.mu.Lock()
	t.ctx = ctx
	t.mu.Unlock()
	<-ctx.Done()
	t.mu.Lock()
	t.ctx = nil
	t.mu.Unlock()
	t.wg.Wait()
	return nil
}

// show puts a card on a session's stage, if it has none.
func (t *testCards) show(id show.SessionID, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ctx == nil:
		return &show.Error{Kind: show.Conflict, Detail: "the appliance is starting or stopping; try again in a moment"}
	case t.cards[id] != nil:
		return nil
	}
	card := &testCard{key: show.StreamKey(rand.Text())}
	spec, err := json.Marshal(map[string]any{
		"card":   map[string]any{"Name": name, "Color": color.RGBA{0x2F, 0x6B, 0x66, 0xFF}, "ToneHz": 440, "Kbps": 1500},
		"target": map[string]string{"url": t.target(), "key": string(card.key)},
	})
	if err != nil {
		return err
	}
	var ctx context.Context
	ctx, card.stop = context.WithCancel(t.ctx)
	if t.cards == nil {
		t.cards = map[show.SessionID]*testCard{}
	}
	t.cards[id] = card
	cmd := t.command(ctx)
	cmd.Stdin = bytes.NewReader(spec) // so that the key appears in no process list
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true} // Ctrl-C is for us
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	t.log.Info("a test card has the host's seat until the host comes", "session", id)
	t.wg.Go(func() {
		err := cmd.Run()
		stopped := ctx.Err() != nil
		card.stop()
		t.mu.Lock()
		if t.cards[id] == card {
			delete(t.cards, id)
		}
		t.mu.Unlock()
		if err != nil && !stopped {
			t.log.Info("the test card is gone", "session", id, "why", err)
		}
	})
	return nil
}

// stop takes a session's card away.
func (t *testCards) stop(id show.SessionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.cards[id]; c != nil {
		c.stop()
	}
}

// sessionOf finds the session whose card has the key.
func (t *testCards) sessionOf(key show.StreamKey) (show.SessionID, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, c := range t.cards {
		if c.key.Equal(key) {
			return id, true
		}
	}
	return "", false
}
