package viewers

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/internal/problem"
)

// maxBody is four times what our page sends.
const maxBody = 2 << 10

// outcome is what became of a beacon.
type outcome string

const (
	accepted       outcome = "accepted"
	invalid        outcome = "invalid"
	unknownSession outcome = "unknown_session"
	limited        outcome = "rate_limited"
	full           outcome = "full"
)

var outcomes = []outcome{accepted, invalid, unknownSession, limited, full}

// ServeHTTP answers for /api/v1/beacon. Pages of any origin may send, as players
// are embedded elsewhere; no cookie is looked at.
func (c *Counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		c.serveBeacon(w, r)
	default:
		h.Set("Allow", "POST, OPTIONS")
		problem.Write(w, problem.Problem{
			Status: http.StatusMethodNotAllowed,
			Title:  "Beacons are only sent",
			Detail: "Use POST. /api/openapi.json says what a beacon holds.",
		})
	}
}

func (c *Counter) serveBeacon(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	from, ok := c.admit(r, now)
	if !ok {
		c.refuse(w, limited, problem.Problem{
			Status: http.StatusTooManyRequests,
			Title:  "Too many beacons",
			Detail: "A page sends one every ten seconds. Wait for as long as Retry-After says.",
		})
		return
	}
	// What sendBeacon calls a string is text/plain; a browser asks first before
	// it sends another site JSON.
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" && t != "text/plain" {
		c.refuse(w, invalid, problem.Problem{
			Status: http.StatusUnsupportedMediaType,
			Title:  "A beacon is JSON",
			Detail: "Send it as application/json, or as text/plain.",
		})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		c.refuse(w, invalid, problem.Problem{
			Status: http.StatusRequestEntityTooLarge,
			Title:  "The beacon is too long",
			Detail: "A beacon has at most 2048 bytes.",
		})
		return
	}
	if err != nil {
		return // the sender is gone
	}
	b, err := parse(body)
	if err != nil {
		c.refuse(w, invalid, problem.Problem{
			Status: http.StatusBadRequest,
			Title:  "The beacon is not valid",
			Detail: err.Error() + "; /api/openapi.json says what a beacon holds",
		})
		return
	}
	switch result := c.take(b, from, now); result {
	case unknownSession:
		c.refuse(w, result, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "No such session",
			Detail: "cid is the id of a session; /api/v1/sessions lists them.",
		})
	case full:
		c.refuse(w, result, problem.Problem{
			Status: http.StatusTooManyRequests,
			Title:  "No more viewers are counted from here",
			Detail: "Playing goes on; only the count is full. Send the next beacon later.",
		})
	default:
		c.metrics.beacons[result].Inc()
		w.WriteHeader(http.StatusNoContent)
	}
}

// refuse answers with a problem and counts it. The log hears of what an operator
// could mend: a proxy that hides its clients' addresses looks like a crowd.
func (c *Counter) refuse(w http.ResponseWriter, why outcome, p problem.Problem) {
	c.metrics.beacons[why].Inc()
	if p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "10")
		if c.mayTell(time.Now()) {
			c.log.Warn("viewers: beacons are refused, so that the count is too low", "reason", string(why),
				"hint", "if a proxy is in front, let it set X-Forwarded-For; it is believed from private addresses")
		}
	}
	problem.Write(w, p)
}

func (c *Counter) mayTell(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.told) < time.Minute {
		return false
	}
	c.told = now
	return true
}
