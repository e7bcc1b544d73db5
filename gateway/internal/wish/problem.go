package wish

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/regie-live/regie/gateway/internal/problem"
)

// Problem is a refusal, sent as RFC 9457 says.
type Problem struct {
	Status     int
	Detail     string        // what was wrong and what to do
	RetryAfter time.Duration // 0: no header
	headers    map[string]string
}

func (p *Problem) Error() string { return p.Detail }

// Unauthorized asks for a (better) key.
func Unauthorized(detail string) *Problem {
	return &Problem{
		Status: http.StatusUnauthorized, Detail: detail,
		headers: map[string]string{"WWW-Authenticate": `Bearer realm="regie"`},
	}
}

func notAllowed(methods string) *Problem {
	return &Problem{
		Status: http.StatusMethodNotAllowed, Detail: "allowed here: " + methods,
		headers: map[string]string{"Allow": methods},
	}
}

func notFound() *Problem {
	return &Problem{Status: http.StatusNotFound, Detail: "there is no such session; it may have ended"}
}

// write sends err; one that is no Problem is our own fault, and its text stays
// in the log of whoever made it.
func write(w http.ResponseWriter, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Status: http.StatusInternalServerError, Detail: "something went wrong here; the server's log says more"}
	}
	for k, v := range p.headers {
		w.Header().Set(k, v)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	problem.Write(w, problem.Problem{Title: http.StatusText(p.Status), Status: p.Status, Detail: p.Detail})
}
