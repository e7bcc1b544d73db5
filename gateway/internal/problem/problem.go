// Package problem answers HTTP requests that cannot be met with an error document
// (RFC 9457). It guarantees that no cache keeps such an answer and that pages of
// any origin can read it.
package problem

import (
	"encoding/json"
	"net/http"
)

// Problem is the document. Its type is about:blank, as the status and the title
// say all there is.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"` // what to do next
}

// Write answers with p. Further headers may be set before.
func Write(w http.ResponseWriter, p Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("problem: strings and a number are always JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
