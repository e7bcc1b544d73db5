// Package audience is viewers by the hundred: of LL-HLS, who load and buffer as
// hls.js does, and of WHEP, who receive as a browser does, but decode nothing.
//
// It guarantees: what a viewer reports it has seen (a part counts when its last
// byte is there, a picture when all its packets are); viewers come spread over
// the join time, and none outlives Run; playlists that are equal are read once for
// all; the addresses of others than this machine are refused unless Anywhere.
package audience

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options of an audience.
type Options struct {
	HLS       string // address of a multivariant or media playlist
	WHEP      string // address of a WHEP endpoint
	HLSCount  int
	WHEPCount int
	Rendition string        // "first", "highest", "lowest", or a part of a URI or RESOLUTION
	Join      time.Duration // viewers come spread over it
	Anywhere  bool          // let hosts be others than this machine
	Beacon    string        // where HLS viewers report to, or nothing
	Insecure  bool          // take any certificate
	HTTP1     bool          // no HTTP/2, even over TLS
}

// ErrElsewhere is returned for a host that is not this machine.
var ErrElsewhere = errors.New("is not this machine; say --anywhere if its owner has agreed to the load")

// Local checks that an address is this machine's own.
func Local(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Host == "" {
		return fmt.Errorf("%q is no address", address)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return err
	}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() {
			return fmt.Errorf("%s %w", u.Host, ErrElsewhere)
		}
	}
	return nil
}

// Audience is a number of viewers.
type Audience struct {
	o     Options
	tally *tally
	lists *playlists
	post  *beacons
	whep  *whepSide
}

// New checks the options.
func New(ctx context.Context, o Options) (*Audience, error) {
	for _, address := range []string{o.HLS, o.WHEP, o.Beacon} {
		if address == "" {
			continue
		}
		if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			return nil, fmt.Errorf("%q must begin with http:// or https://", address)
		}
		if !o.Anywhere {
			if err := Local(ctx, address); err != nil {
				return nil, err
			}
		}
	}
	if o.HLS == "" {
		o.HLSCount = 0
	}
	if o.WHEP == "" {
		o.WHEPCount = 0
	}
	if o.HLSCount+o.WHEPCount == 0 {
		return nil, errors.New("an audience of nobody: give an address and a number")
	}
	a := &Audience{o: o, tally: newTally(), lists: newPlaylists()}
	if o.Beacon != "" {
		a.post = newBeacons(o)
	}
	if o.WHEPCount > 0 {
		var err error
		if a.whep, err = newWHEPSide(o); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// settling is how long after the last viewer has come all play at a steady pace.
const settling = 3 * time.Second

// Run lets the viewers watch until ctx ends.
func (a *Audience) Run(ctx context.Context) {
	if a.whep != nil {
		a.whep.run()
		defer a.whep.close()
	}
	var posting sync.WaitGroup
	if a.post != nil {
		posting.Go(func() { a.post.run(ctx) })
	}
	var viewers sync.WaitGroup
	spread := func(n int, watch func(context.Context)) {
		for i := range n {
			viewers.Go(func() {
				if sleep(ctx, a.o.Join*time.Duration(i)/time.Duration(n)) == nil {
					watch(ctx)
				}
			})
		}
	}
	viewers.Go(func() {
		if sleep(ctx, a.o.Join+settling) == nil {
			a.tally.settle()
		}
	})
	spread(a.o.HLSCount, a.watchHLS)
	spread(a.o.WHEPCount, a.watchWHEP)
	viewers.Wait()
	posting.Wait()
}

// Report is what has been seen so far; any goroutine may call it.
func (a *Audience) Report() Report { return a.tally.report() }

// sleep waits; it fails when ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
