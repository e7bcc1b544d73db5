package api

import (
	"encoding/json"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/internal/problem"
)

// guarded is the mux behind what holds for every route.
func (s *server) guarded() http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.AddInsecureBypassPattern(base + "/beacon") // it looks at no cookie
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, problem.Problem{
			Status: http.StatusForbidden,
			Title:  "This page is of another site",
			Detail: "Only pages of this appliance change anything here. A proxy in front must pass the Host header on.",
		})
	}))
	return s.safely(headers(cross.Handler(s.mux)))
}

// headers are the safe choice for what is private; public answers set their own.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// safely turns a panic into an answer; it is a fault of ours.
func (s *server) safely(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.log.Error("api: a handler panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			problem.Write(w, internalProblem)
		}()
		next.ServeHTTP(w, r)
	})
}

var internalProblem = problem.Problem{
	Status: http.StatusInternalServerError,
	Title:  "The server made a mistake",
	Detail: "Try again; if it happens again, look into the server's log and report it as a bug.",
}

// otherwise answers for addresses that do not exist, and for methods that an
// address does not take.
func (s *server) otherwise() {
	for path, item := range s.api.OpenAPI().Paths {
		var methods []string
		for method, is := range map[string]bool{
			"GET": item.Get != nil, "HEAD": item.Get != nil, "POST": item.Post != nil,
			"PUT": item.Put != nil, "PATCH": item.Patch != nil, "DELETE": item.Delete != nil, "OPTIONS": item.Options != nil,
		} {
			if is {
				methods = append(methods, method)
			}
		}
		if path == base+"/beacon" {
			continue // answers every method itself
		}
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		// A pattern without a method would conflict with another path's wildcard.
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if slices.Contains(methods, method) {
				continue
			}
			s.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Allow", allow)
				problem.Write(w, problem.Problem{
					Status: http.StatusMethodNotAllowed,
					Title:  "This address does not take that method",
					Detail: "Use " + allow + ". /api/openapi.json says what each address takes.",
				})
			})
		}
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "No such address in the API",
			Detail: "Read /api/openapi.json for the addresses that exist.",
		})
	})
}

// describe renders the description, after all routes but itself are known.
func (s *server) describe() {
	s.raw("GET", "/api/openapi.json", anyone, "This description", nil, func(w http.ResponseWriter, r *http.Request, _ *caller) {
		writeBody(w, r, "application/vnd.oai.openapi+json;version=3.1", "public, max-age=300", s.doc)
	})
	var err error
	if s.doc, err = json.MarshalIndent(s.api.OpenAPI(), "", "  "); err != nil {
		panic("api: the description is made of our own types: " + err.Error())
	}
	s.doc = append(s.doc, '\n')
}
