package schedule

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// operator is whoever reaches the metrics port: who runs the machine.
var operator = show.Principal{Kind: show.MachineOperator, Name: "operator"}

// MaxImport bounds a file.
const MaxImport = 1 << 20

// OperatorRoutes puts what the commands `regie event …` ask for onto the operator's
// port. There is no password: who reaches it may all.
func (s *Service) OperatorRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /event", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Current()) })
	mux.HandleFunc("POST /event/import", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxImport))
		if err != nil {
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				s.refuse(w, no(show.Invalid, "The file has more than 1 MiB; pictures are sent one by one."))
			}
			return // else the sender is gone
		}
		done, err := s.Import(r.Context(), operator, q.Get("format"), text, q.Get("dry_run") == "true")
		if err != nil {
			s.refuse(w, err)
			return
		}
		answer(w, done)
	})
	mux.HandleFunc("GET /event/export", func(w http.ResponseWriter, r *http.Request) {
		text, err := s.Export(r.Context(), operator, r.URL.Query().Get("format"))
		if err != nil {
			s.refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text) // whoever asked has left: nothing to tell them
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Service) refuse(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	if show.KindOf(err) == "" {
		status = http.StatusInternalServerError
		s.log.Error("an operator's request for the event failed", "error", err)
	}
	problem.Write(w, problem.Problem{Status: status, Title: "That was not done", Detail: err.Error()})
}
