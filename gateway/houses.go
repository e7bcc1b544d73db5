package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/regie-live/regie/gateway/show"
)

// houses are the sessions of this appliance: those of the configuration first, in
// its order, then those that people made. Their stages run while Run does.
type houses struct {
	mu   sync.RWMutex
	list []*house
	ctx  context.Context // of Run; nil before
	wg   sync.WaitGroup  // stages; added to only while ctx has not ended
}

// errNoSession says that nobody knows a session of that name.
var errNoSession = errors.New("there is no such session")

// Run works until ctx ends and every stage has stopped.
func (hs *houses) Run(ctx context.Context) error {
	hs.mu.Lock()
	hs.ctx = ctx
	for _, h := range hs.list {
		hs.start(h)
	}
	hs.mu.Unlock()
	<-ctx.Done()
	hs.mu.Lock() // whoever opens one now sees that ctx has ended
	hs.mu.Unlock()
	hs.wg.Wait()
	return nil
}

// start runs a stage. With hs.mu held and hs.ctx set.
func (hs *houses) start(h *house) {
	ctx, stop := context.WithCancel(hs.ctx)
	h.stop, h.stopped = stop, make(chan struct{})
	hs.wg.Go(func() {
		defer close(h.stopped)
		_ = h.stage.Run(ctx)
		h.free()
	})
}

// free gives back what sessions hold that never ran.
func (hs *houses) free() {
	for _, h := range hs.all() {
		h.free()
	}
}

// open adds a session.
func (hs *houses) open(h *house) error {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.find(h.session.ID) != nil {
		return fmt.Errorf("there is a session %s already", h.session.ID)
	}
	if hs.ctx != nil && hs.ctx.Err() != nil {
		return errors.New("the appliance is stopping; try again in a minute")
	}
	hs.list = append(hs.list, h)
	if hs.ctx != nil {
		hs.start(h)
	}
	return nil
}

// close ends a session's stage and forgets it.
func (hs *houses) close(id show.SessionID) error {
	hs.mu.Lock()
	h := hs.find(id)
	if h == nil {
		hs.mu.Unlock()
		return errNoSession
	}
	hs.list = slices.DeleteFunc(hs.list, func(other *house) bool { return other == h })
	stop, stopped := h.stop, h.stopped
	hs.mu.Unlock()
	if stop == nil { // Run has not come to it, and will not
		h.free()
	} else {
		stop()
		<-stopped
	}
	if b := h.now.Load(); b != nil {
		b.hls.Close()
	}
	h.audience.Close()
	h.stage.Forget()
	return nil
}

func (hs *houses) find(id show.SessionID) *house {
	if i := slices.IndexFunc(hs.list, func(h *house) bool { return h.session.ID == id }); i >= 0 {
		return hs.list[i]
	}
	return nil
}

func (hs *houses) get(id show.SessionID) *house {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	return hs.find(id)
}

func (hs *houses) all() []*house {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	return slices.Clone(hs.list)
}

// List and Get implement what pages and the API ask for.
func (hs *houses) List() []show.SessionView {
	views := []show.SessionView{}
	for _, h := range hs.all() {
		views = append(views, h.view())
	}
	return views
}

// Get tells of one session.
func (hs *houses) Get(id show.SessionID) (show.SessionView, bool) {
	if h := hs.get(id); h != nil {
		return h.view(), true
	}
	return show.SessionView{}, false
}
