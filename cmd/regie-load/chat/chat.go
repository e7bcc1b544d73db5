// Package chat is an audience that only talks: it opens the sockets of a room as
// pages do, lets some of them speak, and measures from the sending of a message to
// its last reader. Some may be stuck: they listen and never read.
//
// It guarantees that a message counts as heard by a reader once, that what nobody
// heard is reported as lost, and that Run leaves nothing open.
package chat

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Options say what Run does.
type Options struct {
	Server  string // http://HOST:PORT
	Session string
	Readers int
	Talkers int     // who take turns to speak
	Stuck   int     // who listen and never read
	Rate    float64 // messages a second, all talkers together
	For     time.Duration
}

// Report is what was measured. Times are in milliseconds.
type Report struct {
	Connected  int            `json:"connected"`  // readers, when the talk began
	Connect    Spread         `json:"connect_ms"` // from dialling to being in the room, some at a time
	Reading    int64          `json:"reading"`    // and at its end
	Sent       int            `json:"sent"`       // acknowledged
	Refused    map[string]int `json:"refused"`    // by status, or why
	Lost       int            `json:"lost"`       // acknowledged, and not heard by every reader
	Heard      int64          `json:"heard"`      // copies
	Ack        Spread         `json:"ack_ms"`     // from sending to the answer
	Last       Spread         `json:"last_ms"`    // from sending to the last reader
	StuckEnded int64          `json:"stuck_ended"`
}

// Spread of some times.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// message is one that was sent.
type message struct {
	sent   time.Time
	acked  atomic.Bool
	copies atomic.Int64
	last   atomic.Int64 // nanoseconds after sent
	ack    time.Duration
}

// crowd is a run under way.
type crowd struct {
	o       Options
	client  *http.Client
	reading atomic.Int64
	stuck   atomic.Int64 // that the server ended

	mu       sync.RWMutex
	connects []time.Duration
	messages map[string]*message
	refused  map[string]int
	wg       sync.WaitGroup
}

const mark = `load-` // how our messages' IDs begin

// Run talks for a while.
func Run(ctx context.Context, o Options) (Report, error) {
	c := &crowd{o: o, messages: map[string]*message{}, refused: map[string]int{}}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	c.client = &http.Client{Transport: transport, Timeout: 20 * time.Second}
	cookies, err := c.join(ctx)
	if err != nil {
		return Report{}, err
	}
	listening, leave := context.WithCancel(ctx)
	connected := 0
	if err = c.listen(listening); err == nil {
		connected = c.o.Readers
		c.talk(ctx, cookies)
		c.await(ctx, connected)
	}
	r := c.report(connected)
	leave()
	c.wg.Wait()
	r.StuckEnded = c.stuck.Load() // known only now
	return r, err
}

// join gives every talker a name.
func (c *crowd) join(ctx context.Context) ([]string, error) {
	var cookies []string
	for range c.o.Talkers {
		res, err := c.post(ctx, "join", "", map[string]string{"nickname": "L " + rand.Text()[:16]})
		if err != nil {
			return nil, err
		}
		answer, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		_ = res.Body.Close()
		if res.StatusCode != http.StatusCreated || len(res.Cookies()) == 0 {
			return nil, fmt.Errorf("a talker may not join: %s %s", res.Status, answer)
		}
		cookies = append(cookies, res.Cookies()[0].Name+"="+res.Cookies()[0].Value)
	}
	return cookies, nil
}

func (c *crowd) post(ctx context.Context, what, cookie string, v any) (*http.Response, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.o.Server, "/")+"/api/v1/sessions/"+url.PathEscape(c.o.Session)+"/room/"+what, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return c.client.Do(r)
}

// listen opens all sockets, some at a time, and waits until each has subscribed.
func (c *crowd) listen(ctx context.Context) error {
	const atOnce = 32
	gate := make(chan struct{}, atOnce)
	errs := make(chan error, c.o.Readers+c.o.Stuck)
	for i := range c.o.Readers + c.o.Stuck {
		gate <- struct{}{}
		c.wg.Go(func() {
			began := time.Now()
			conn, err := c.subscribe(ctx)
			took := time.Since(began)
			<-gate
			errs <- err
			if err != nil {
				return
			}
			defer conn.CloseNow()
			if i >= c.o.Readers {
				c.stayStuck(ctx, conn)
				return
			}
			c.mu.Lock()
			c.connects = append(c.connects, took)
			c.mu.Unlock()
			c.reading.Add(1)
			defer c.reading.Add(-1)
			c.read(ctx, conn)
		})
	}
	var first error
	for range c.o.Readers + c.o.Stuck {
		first = cmp.Or(first, <-errs)
	}
	return first
}

// subscribe opens one socket as a page does.
func (c *crowd) subscribe(ctx context.Context) (*websocket.Conn, error) {
	timeout, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(timeout, strings.Replace(strings.TrimSuffix(c.o.Server, "/"), "http", "ws", 1)+"/api/v1/events", nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	say := `{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{"channel":"room:` + c.o.Session + `"}}`
	if err := conn.Write(timeout, websocket.MessageText, []byte(say)); err != nil {
		return nil, errors.Join(err, conn.CloseNow())
	}
	for {
		_, frame, err := conn.Read(timeout)
		if err != nil {
			return nil, errors.Join(err, conn.CloseNow())
		}
		for line := range bytes.Lines(frame) {
			var m struct {
				ID    int
				Error *struct{ Message string }
			}
			if json.Unmarshal(line, &m) == nil && m.Error != nil {
				return nil, errors.Join(fmt.Errorf("the room is closed to us: %s", m.Error.Message), conn.CloseNow())
			} else if m.ID == 2 {
				return conn, nil
			}
		}
	}
}

// read notes what it hears, and answers pings.
func (c *crowd) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			return
		}
		now := time.Now()
		for line := range bytes.Lines(frame) {
			if string(bytes.TrimSpace(line)) == "{}" {
				_ = conn.Write(ctx, websocket.MessageText, []byte("{}"))
				continue
			}
			c.heard(line, now)
		}
	}
}

func (c *crowd) heard(line []byte, now time.Time) {
	_, rest, ok := bytes.Cut(line, []byte(`"id":"`+mark))
	if !ok {
		return
	}
	id, _, _ := bytes.Cut(rest, []byte{'"'})
	c.mu.RLock()
	m := c.messages[string(id)]
	c.mu.RUnlock()
	if m == nil {
		return
	}
	m.copies.Add(1)
	for after := int64(now.Sub(m.sent)); ; {
		last := m.last.Load()
		if after <= last || m.last.CompareAndSwap(last, after) {
			return
		}
	}
}

// stayStuck never reads until the talk is over; then it finds out whether the server
// has ended it.
func (c *crowd) stayStuck(ctx context.Context, conn *websocket.Conn) {
	<-ctx.Done()
	for begin, late := time.Now(), context.WithoutCancel(ctx); time.Since(begin) < 5*time.Second; {
		timeout, cancel := context.WithTimeout(late, time.Second)
		_, _, err := conn.Read(timeout)
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				c.stuck.Add(1)
			}
			return
		}
	}
}

// talk sends messages at the rate, each by the next talker.
func (c *crowd) talk(ctx context.Context, cookies []string) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / c.o.Rate))
	defer tick.Stop()
	over := time.NewTimer(c.o.For)
	defer over.Stop()
	var sending sync.WaitGroup
	defer sending.Wait()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-tick.C:
			cookie := cookies[n%len(cookies)]
			sending.Go(func() { c.say(ctx, cookie) })
		}
	}
}

func (c *crowd) say(ctx context.Context, cookie string) {
	id := strings.ToLower(rand.Text())
	m := &message{sent: time.Now()}
	c.mu.Lock()
	c.messages[id] = m
	c.mu.Unlock()
	res, err := c.post(ctx, "messages", cookie, map[string]string{"id": mark + id, "text": "I have never seen " + id[:6] + " like " + id[6:12] + " before"})
	why := ""
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		m.ack = time.Since(m.sent)
		why = res.Status
	} else {
		why = "no answer"
	}
	if err == nil && res.StatusCode == http.StatusCreated {
		m.acked.Store(true)
		return
	}
	c.mu.Lock()
	c.refused[why]++
	c.mu.Unlock()
}

// await gives what was sent last the time to arrive.
func (c *crowd) await(ctx context.Context, readers int) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if c.report(readers).Lost == 0 {
			return
		}
	}
}

func (c *crowd) report(readers int) Report {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r := Report{Connected: readers, Reading: c.reading.Load(), Refused: map[string]int{}}
	for why, n := range c.refused {
		r.Refused[why] = n
	}
	var acks, lasts []time.Duration
	for _, m := range c.messages {
		n := m.copies.Load()
		r.Heard += n
		if !m.acked.Load() {
			continue
		}
		r.Sent++
		if n < int64(readers) {
			r.Lost++
		}
		acks, lasts = append(acks, m.ack), append(lasts, time.Duration(m.last.Load()))
	}
	r.Connect, r.Ack, r.Last = spread(slices.Clone(c.connects)), spread(acks), spread(lasts)
	return r
}

func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Spread{ms(all[len(all)/2]), ms(all[len(all)*99/100]), ms(all[len(all)-1])}
}
