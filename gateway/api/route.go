package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// Shapes of requests and answers. What is embedded is exported, or huma would not
// see it.
type (
	body[T any] struct{ Body T }
	nothing     struct{}
	OfSession   struct {
		S show.SessionID `path:"s"`
	}
	withCookie[T any] struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
		Body      T
	}
)

const (
	maxBody     = 16 << 10
	maxLogo     = 256 << 10
	bodyReadFor = 10 * time.Second
)

func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// on adds a route. Its path is below base.
func on[I, O any](s *server, method, path string, rule access, summary string, h func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	op := operation(method, base+path, rule, summary)
	op.MaxBodyBytes, op.BodyReadTimeout = maxBody, bodyReadFor
	for _, m := range more {
		m(&op)
	}
	s.rules[method+" "+op.Path] = rule
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		c, err := s.admit(r, rule)
		if err != nil {
			s.refuse(ctx, err)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, c))
	}}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.problemOf(err)
		}
		return out, nil
	})
}

// raw adds a route that speaks HTTP itself; answer is an example of what it gives.
func (s *server) raw(method, path string, rule access, summary string, answer any, h func(http.ResponseWriter, *http.Request, *caller), more ...func(*huma.Operation)) {
	op := operation(method, path, rule, summary)
	op.Responses = map[string]*huma.Response{"200": {Description: "OK"}}
	if answer != nil {
		schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(answer), true, op.OperationID+"Response")
		op.Responses["200"].Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	for _, m := range more {
		m(&op)
	}
	s.rules[method+" "+path] = rule
	s.api.OpenAPI().AddOperation(&op)
	pattern := method + " " + path
	if path == base+"/beacon" {
		pattern = path // also OPTIONS, for pages of other origins
	}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c, err := s.admit(r, rule)
		if err != nil {
			s.write(w, err)
			return
		}
		h(w, r, c)
	})
}

func operation(method, path string, rule access, summary string) huma.Operation {
	op := huma.Operation{Method: method, Path: path, Summary: summary, Description: rules[rule]}
	words := []string{strings.ToLower(method)}
	for _, w := range strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, base), "/"), "/") {
		words = append(words, strings.Trim(w, "{}"))
	}
	op.OperationID = strings.ReplaceAll(strings.Join(words, "-"), ".", "-")
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{
				Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			})
		}
	}
	return op
}

// rules say in the description who may use a route.
var rules = [...]string{
	anyone: "For anybody.", visitor: "For anybody; the answer depends on who asks.",
	account: "For who is signed in with an account.", users: "For administrators.",
	sessions:  "For administrators and the session's creator.",
	desk:      "For those who run the session: its host, its creator, administrators.",
	performer: "For the people on the session's stage.", house: "For the people of the session and those who run it.",
	listener: "For anybody; the answer depends on who asks.", speaker: "For whoever has a name in the room: by its cookie, an account or an invite.",
	crew:       "For moderators and those who run the session.",
	seller:     "For those who run the session that it is of, and moderators; of the whole event, for administrators.",
	moderators: "For moderators and administrators.",
	backstage:  "For the people of the session, those who run it and moderators.",
}

// statuses are what each kind of no is in HTTP.
var statuses = map[show.ErrorKind]struct {
	status int
	title  string
}{
	show.Invalid:   {http.StatusUnprocessableEntity, "That cannot be"},
	show.SignedOut: {http.StatusUnauthorized, "Who are you?"},
	show.Forbidden: {http.StatusForbidden, "You may not do that"},
	show.NotFound:  {http.StatusNotFound, "There is no such thing"},
	show.Gone:      {http.StatusGone, "That is over"},
	show.Expired:   {http.StatusGone, "That is over"},
	show.Conflict:  {http.StatusConflict, "Not now"},
	show.TooMany:   {http.StatusTooManyRequests, "Too often"},
}

func off(what string) error { return &show.Error{Kind: show.NotFound, Detail: what + "."} }

// problemOf is an error of those we asked as a problem; what is not meant for
// people goes to the log.
func (s *server) problemOf(err error) error {
	var e *show.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) {
			s.log.Debug("api: the client went", "error", err)
		} else {
			s.log.Error("api: a request failed", "error", err)
		}
		return &huma.ErrorModel{Status: internalProblem.Status, Title: internalProblem.Title, Detail: internalProblem.Detail}
	}
	of, ok := statuses[e.Kind]
	if !ok {
		of = statuses[show.Invalid]
	}
	m := &huma.ErrorModel{Status: of.status, Title: of.title, Detail: sentence(e.Detail)}
	if e.Kind != show.TooMany {
		return m
	}
	wait := max(1, int((e.Wait+time.Second-1)/time.Second))
	return huma.ErrorWithHeaders(m, http.Header{"Retry-After": {strconv.Itoa(wait)}})
}

func (s *server) refuse(ctx huma.Context, err error) {
	err = s.problemOf(err)
	var withHeaders huma.HeadersError
	if errors.As(err, &withHeaders) {
		for k, v := range withHeaders.GetHeaders() {
			ctx.SetHeader(k, v[0])
		}
	}
	var m *huma.ErrorModel
	errors.As(err, &m)
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(m.Status)
	_ = s.api.Marshal(ctx.BodyWriter(), "application/json", m)
}

// write answers a raw route's error.
func (s *server) write(w http.ResponseWriter, err error) {
	err = s.problemOf(err)
	var withHeaders huma.HeadersError
	if errors.As(err, &withHeaders) {
		maps.Copy(w.Header(), withHeaders.GetHeaders())
	}
	var m *huma.ErrorModel
	errors.As(err, &m)
	problem.Write(w, problem.Problem{Status: m.Status, Title: m.Title, Detail: m.Detail})
}

// inWords makes sentences of what huma found wrong with a request, and takes out
// what was sent: it may be a password.
func inWords(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	for _, e := range m.Errors {
		e.Value = nil
	}
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		m.Title, m.Detail = "That is too long", "Send less; /api/openapi.json says what this address takes."
	case http.StatusUnsupportedMediaType:
		m.Title, m.Detail, m.Errors = "That is not JSON", "Send the body as application/json.", nil
	case http.StatusRequestTimeout:
		m.Title, m.Detail = "That took too long", "Send the whole body at once, and try again."
	case http.StatusBadRequest:
		m.Title, m.Detail, m.Errors = "The body cannot be read", "Send one JSON object; /api/openapi.json says what it holds.", nil
	case http.StatusUnprocessableEntity:
		if len(m.Errors) == 0 {
			break
		}
		var wrong []string
		for _, e := range m.Errors {
			wrong = append(wrong, strings.TrimPrefix(strings.TrimPrefix(e.Location, "body."), "path.")+": "+e.Message)
		}
		slices.Sort(wrong)
		m.Title, m.Detail = "That cannot be", sentence("Change this: "+strings.Join(slices.Compact(wrong), "; "))
	}
	return m, nil
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}
