package people

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// operator is whoever reaches the metrics port: who runs the machine.
var operator = show.Principal{Kind: show.MachineOperator, Name: "operator"}

// maxBody bounds what an operator sends.
const maxBody = 16 << 10

// OperatorRoutes puts what the commands `regie user|session|key|invite|setup-link`
// ask for onto the operator's port. There is no password: who reaches it may all.
func (s *Service) OperatorRoutes(mux *http.ServeMux) {
	handle := func(pattern string, do func(operation) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.operate(w, r, do) })
	}
	handle("GET /people/setup-link", s.operateSetupLink)
	handle("GET /people/users", func(o operation) (any, error) { return s.Users(o.ctx, operator) })
	handle("POST /people/users", func(o operation) (any, error) {
		var n show.NewUser
		if err := o.read(&n); err != nil {
			return nil, err
		}
		u, made, err := s.AddUser(o.ctx, operator, n)
		return MadeUser{u, made}, err
	})
	handle("PATCH /people/users/{name}", func(o operation) (any, error) {
		var p show.UserPatch
		if err := o.read(&p); err != nil {
			return nil, err
		}
		return forUser(s, o, func(id show.UserID) (any, error) { return s.ChangeUser(o.ctx, operator, id, p) })
	})
	handle("DELETE /people/users/{name}", func(o operation) (any, error) {
		return forUser(s, o, func(id show.UserID) (any, error) { return nil, s.RemoveUser(o.ctx, operator, id) })
	})
	handle("GET /people/sessions", func(o operation) (any, error) { return s.Sessions(o.ctx, operator) })
	handle("POST /people/sessions", func(o operation) (any, error) {
		var n show.NewSession
		if err := o.read(&n); err != nil {
			return nil, err
		}
		return s.AddSession(o.ctx, operator, n)
	})
	handle("PATCH /people/sessions/{session}", func(o operation) (any, error) {
		var p show.SessionPatch
		if err := o.read(&p); err != nil {
			return nil, err
		}
		return s.ChangeSession(o.ctx, operator, o.session(), p)
	})
	handle("DELETE /people/sessions/{session}", func(o operation) (any, error) {
		return nil, s.RemoveSession(o.ctx, operator, o.session())
	})
	handle("GET /people/audit", func(o operation) (any, error) { return s.Audit(o.ctx, operator) })
	s.operatorPasskeys(handle)
	s.operatorSeats(handle)
}

func (s *Service) operatorSeats(handle func(string, func(operation) (any, error))) {
	handle("GET /people/sessions/{session}/keys", func(o operation) (any, error) { return s.Keys(o.ctx, operator, o.session()) })
	handle("POST /people/sessions/{session}/keys", func(o operation) (any, error) {
		var n show.NewKey
		if err := o.read(&n); err != nil {
			return nil, err
		}
		info, key, err := s.AddKey(o.ctx, operator, o.session(), n)
		return MadeKey{info, string(key)}, err
	})
	handle("DELETE /people/sessions/{session}/keys/{id}", func(o operation) (any, error) {
		return nil, s.RevokeKey(o.ctx, operator, o.session(), show.KeyID(o.r.PathValue("id")))
	})
	handle("GET /people/sessions/{session}/cameras", func(o operation) (any, error) { return s.Cameras(o.ctx, operator, o.session()) })
	handle("POST /people/sessions/{session}/cameras", func(o operation) (any, error) {
		var n show.NewCamera
		if err := o.read(&n); err != nil {
			return nil, err
		}
		return s.AddCamera(o.ctx, operator, o.session(), n)
	})
	handle("DELETE /people/sessions/{session}/cameras/{id}", func(o operation) (any, error) {
		return nil, s.RemoveCamera(o.ctx, operator, o.session(), show.ParticipantID(o.r.PathValue("id")))
	})
	handle("GET /people/sessions/{session}/invites", func(o operation) (any, error) { return s.Invites(o.ctx, operator, o.session()) })
	handle("POST /people/sessions/{session}/invites", func(o operation) (any, error) {
		var n show.NewInvite
		if err := o.read(&n); err != nil {
			return nil, err
		}
		info, token, err := s.AddInvite(o.ctx, operator, o.session(), n)
		return MadeInvite{info, s.o.Origin() + "/j/" + string(token)}, err
	})
	handle("DELETE /people/sessions/{session}/invites/{id}", func(o operation) (any, error) {
		return nil, s.RevokeInvite(o.ctx, operator, o.session(), show.InviteID(o.r.PathValue("id")))
	})
}

// What is answered once, when a secret is made.
type (
	// MadeUser is an account, with its password if that was made here.
	MadeUser struct {
		show.User
		Password string `json:"password,omitempty"`
	}
	// MadeKey is a stream key in clear.
	MadeKey struct {
		show.KeyInfo
		Key string `json:"key"`
	}
	// MadeInvite is an invite with its address.
	MadeInvite struct {
		show.InviteInfo
		URL string `json:"url"`
	}
	// SetupLinkIs is the address of the setup page.
	SetupLinkIs struct {
		URL string `json:"url"`
	}
)

func (s *Service) operateSetupLink(operation) (any, error) {
	link := s.SetupLink()
	if link == "" {
		return nil, no(show.Conflict, "There is an administrator already; sign in, or make another with: regie user add NAME --role=admin")
	}
	return SetupLinkIs{s.o.Origin() + link}, nil
}

// forUser finds an account by its name or its id.
func forUser(s *Service, o operation, do func(show.UserID) (any, error)) (any, error) {
	name := o.r.PathValue("name")
	u, ok, err := s.store.UserNamed(o.ctx, name)
	if err == nil && !ok {
		u, ok, err = s.store.User(o.ctx, show.UserID(name))
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, no(show.NotFound, "There is no account %.40q; regie user list shows those that are.", name)
	}
	return do(u.ID)
}

// operation is one request of the operator.
type operation struct {
	ctx context.Context
	w   http.ResponseWriter
	r   *http.Request
}

func (o operation) session() show.SessionID { return show.SessionID(o.r.PathValue("session")) }

// read takes the request's JSON, whose keys must all be known.
func (o operation) read(to any) error {
	d := json.NewDecoder(http.MaxBytesReader(o.w, o.r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return no(show.Invalid, "The request is not the JSON that was expected: %v.", err)
	}
	return nil
}

var statusOf = map[show.ErrorKind]int{
	show.Invalid: http.StatusUnprocessableEntity, show.SignedOut: http.StatusUnauthorized, show.Forbidden: http.StatusForbidden,
	show.NotFound: http.StatusNotFound, show.Gone: http.StatusGone, show.Expired: http.StatusGone, show.Conflict: http.StatusConflict, show.TooMany: http.StatusTooManyRequests,
}

func (s *Service) operate(w http.ResponseWriter, r *http.Request, do func(operation) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	v, err := do(operation{ctx, w, r})
	if err != nil {
		status, ok := statusOf[show.KindOf(err)]
		if !ok {
			status = http.StatusInternalServerError
			s.log.Error("an operator's request failed", "path", r.URL.Path, "error", err)
		}
		problem.Write(w, problem.Problem{Status: status, Title: "That was not done", Detail: err.Error()})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if v == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked has left: nothing to tell them
}
