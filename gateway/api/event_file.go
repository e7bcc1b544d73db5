package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

const maxImport = 1 << 20 // bytes

func (s *server) eventFiles() {
	s.raw("POST", base+"/event/import", users, "Take an event from a file, which is checked whole before anything changes; what it does not name stays", show.Imported{}, s.importEvent, func(op *huma.Operation) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "dry_run", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Description: "true only says what would change"})
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/yaml": {}, "text/csv": {}}}
	})
	s.raw("GET", base+"/event/export", users, "The event as a file that import takes", nil, s.exportEvent, func(op *huma.Operation) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "format", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"yaml", "csv"}}})
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/yaml": {}, "text/csv": {}}}}
	})
}

func (s *server) importEvent(w http.ResponseWriter, r *http.Request, c *caller) {
	if s.Event == nil {
		s.write(w, errNoEvent)
		return
	}
	format := "yaml"
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(contentType)) {
	case "text/csv":
		format = "csv"
	case "application/yaml", "application/x-yaml", "text/yaml":
	default:
		s.write(w, &show.Error{Kind: show.Invalid, Detail: "send the file as application/yaml or text/csv"})
		return
	}
	dryRun := r.URL.Query().Get("dry_run")
	if dryRun != "" && dryRun != "true" && dryRun != "false" {
		s.write(w, &show.Error{Kind: show.Invalid, Detail: "dry_run is true or false"})
		return
	}
	text, ok := s.read(w, r, maxImport, "the file has more than 1 MiB; pictures are sent one by one")
	if !ok {
		return
	}
	done, err := s.Event.Import(r.Context(), c.Principal, format, text, dryRun == "true")
	s.answer(w, done, err)
}

func (s *server) exportEvent(w http.ResponseWriter, r *http.Request, c *caller) {
	if s.Event == nil {
		s.write(w, errNoEvent)
		return
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "yaml"
	}
	text, err := s.Event.Export(r.Context(), c.Principal, format)
	if err != nil {
		s.write(w, err)
		return
	}
	contentType := map[string]string{"yaml": "application/yaml", "csv": "text/csv; charset=utf-8"}[format]
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="event.`+format+`"`)
	_, _ = w.Write(text) // the client has gone: nothing is left to do
}
