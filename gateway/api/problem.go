package api

import (
	"encoding/json"
	"net/http"
)

// Problem is an error as RFC 9457 wants it. Its type is about:blank, as the
// status and the title say all there is.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"` // what to do next
}

func writeProblem(w http.ResponseWriter, p Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("api: a problem of strings and a number is always JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	writeProblem(w, Problem{
		Status: http.StatusMethodNotAllowed,
		Title:  "This address can only be read",
		Detail: "Use GET. /api/openapi.json says what each address takes.",
	})
}
