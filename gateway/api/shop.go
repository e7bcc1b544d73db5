package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

// Shop has the products, their pins and who opened them; package shop has it. Who
// may is decided here.
type Shop interface {
	Products(of show.SessionID) []show.Product
	AllProducts() []show.Product
	Product(show.ProductID) (show.Product, bool)
	AddProduct(context.Context, show.Principal, show.Product) (show.Product, error)
	ChangeProduct(context.Context, show.Principal, show.ProductID, show.ProductPatch) (show.Product, error)
	RemoveProduct(context.Context, show.Principal, show.ProductID) error
	Picture(context.Context, show.ProductID) (file []byte, mediaType string, err error)
	SetPicture(ctx context.Context, by show.Principal, id show.ProductID, file []byte) (show.Product, error)
	FetchPicture(ctx context.Context, by show.Principal, id show.ProductID, address string) (show.Product, error)
	Import(ctx context.Context, by show.Principal, of show.SessionID, file []byte, dry bool) (show.Imported, error)
	Export(of show.SessionID) ([]byte, error)
	Pins(of show.SessionID) []show.Pin
	AddPin(context.Context, show.Principal, show.SessionID, show.NewPin) (show.Pin, error)
	EndPin(ctx context.Context, by show.Principal, of show.SessionID, id show.PinID) error
	Report(ctx context.Context, of show.SessionID) ([]byte, error)
}

const (
	maxPicture  = 1 << 20
	longPicture = "the picture has more than 1 MiB; make it smaller"
	maxCSV      = 1 << 20
)

type newProduct struct {
	Session   show.SessionID `json:"session,omitempty" doc:"Where it is sold; empty: in the whole event, which only administrators may say"`
	Title     string         `json:"title" doc:"At most 80 characters"`
	Price     string         `json:"price" doc:"A decimal number"`
	Currency  string         `json:"currency" doc:"ISO 4217"`
	URL       string         `json:"url" doc:"https"`
	Stock     *int           `json:"stock,omitempty"`
	OfferEnds time.Time      `json:"offer_ends,omitzero"`
}

type pictureAsk struct {
	PictureURL string `json:"picture_url"`
}

type OfProduct struct {
	ID show.ProductID `path:"id"`
}

type ofPin struct {
	OfSession
	ID show.PinID `path:"id"`
}

func (s *server) shop() {
	const many = "text/csv"
	on(s, "GET", "/products", seller, "The products of a session and of the whole event; without a session all, for administrators", s.listProducts, sold)
	on(s, "POST", "/products", visitor, "Add a product", s.addProduct, created, func(op *huma.Operation) {
		op.Description = "For those who run the session that the body names, and moderators; without one, for administrators."
	})
	on(s, "PATCH", "/products/{id}", seller, "Change a product, also on the pins that show it", s.changeProduct)
	on(s, "DELETE", "/products/{id}", seller, "Delete a product; its pins stay", s.removeProduct)
	s.raw("GET", base+"/products/{id}/picture", anyone, "The picture of a product", nil, s.getPicture, func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"image/png": {}, "image/jpeg": {}}}, "404": {Description: "It has none"}}
	})
	s.raw("PUT", base+"/products/{id}/picture", seller, "Give a product a picture: a PNG or a JPEG of at most 1 MiB, or {\"picture_url\"}, where one is", show.Product{}, s.setPicture, func(op *huma.Operation) {
		schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[pictureAsk](), true, "")
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"image/png": {}, "image/jpeg": {}, "application/json": {Schema: schema}}}
	})
	s.raw("POST", base+"/products/import", seller, "Add and change products from CSV, all or none; for the session's creator and administrators", show.Imported{}, s.importProducts, sold, func(op *huma.Operation) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "dry_run", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}})
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{many: {}}}
	})
	s.raw("GET", base+"/products/export", seller, "The products of a session, or of the event, as an import reads them", nil, s.exportProducts, sold, answersCSV)
	on(s, "POST", "/sessions/{s}/pins", crew, "Pin a product to this moment of the program", s.addPin, created)
	on(s, "DELETE", "/sessions/{s}/pins/{id}", crew, "Take a pin away now", s.endPin)
	s.raw("GET", base+"/sessions/{s}/pins", anyone, "What was pinned in a session", []show.Pin{}, s.listPins)
	s.raw("GET", base+"/sessions/{s}/pins.csv", crew, "How many were shown and opened each pin, minute by minute", nil, s.reportPins, answersCSV)
}

// sold describes the query that says which session's products are meant.
func sold(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{Name: "session", In: "query", Schema: &huma.Schema{Type: huma.TypeString}})
}

func answersCSV(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/csv": {}}}}
}

// soldIn is the session whose products a request is about; empty for the event.
func (s *server) soldIn(r *http.Request) (show.SessionID, error) {
	if s.Shop == nil {
		return "", off("There is no shop on this server")
	}
	id := show.ProductID(r.PathValue("id"))
	if id == "" {
		return show.SessionID(r.URL.Query().Get("session")), nil
	}
	p, ok := s.Shop.Product(id)
	if !ok {
		return "", &show.Error{Kind: show.NotFound, Detail: "there is no such product; /api/v1/products lists them"}
	}
	return p.Session, nil
}

const whySeller = "only those who run the session and moderators may do that; with what belongs to the whole event, administrators"

// maySell: of a session its crew, of the event administrators.
func (s *server) maySell(p show.Principal, of show.SessionID) bool {
	if of == "" {
		return s.People.May(p, show.MayUsers, "")
	}
	return s.People.May(p, show.MayDesk, of) || s.People.May(p, show.MayModerate, of)
}

// productList reads its query itself, as the rule does.
type productList struct {
	Session show.SessionID `query:"session"`
}

func (s *server) listProducts(_ context.Context, in *productList) (*body[[]show.Product], error) {
	if in.Session == "" {
		return listed(s.Shop.AllProducts(), nil)
	}
	return listed(s.Shop.Products(in.Session), nil)
}

func (s *server) addProduct(ctx context.Context, in *body[newProduct]) (*body[show.Product], error) {
	if s.Shop == nil {
		return nil, off("There is no shop on this server")
	}
	c, n := callerOf(ctx), in.Body
	switch _, ok := s.Sessions.Get(n.Session); {
	case c.Kind == show.Anonymous:
		return nil, &show.Error{Kind: show.SignedOut, Detail: "sign in, or open the invite that you got; " + whySeller}
	case !ok && n.Session != "":
		return nil, &show.Error{Kind: show.NotFound, Detail: "there is no such session; /api/v1/sessions lists them"}
	case !s.maySell(c.Principal, n.Session):
		return nil, &show.Error{Kind: show.Forbidden, Detail: whySeller}
	}
	p, err := s.Shop.AddProduct(ctx, c.Principal, show.Product{
		Session: n.Session, Title: n.Title, Price: n.Price, Currency: n.Currency, URL: n.URL, Stock: n.Stock, OfferEnds: n.OfferEnds,
	})
	return &body[show.Product]{p}, err
}

func (s *server) changeProduct(ctx context.Context, in *struct {
	OfProduct
	Body show.ProductPatch
}) (*body[show.Product], error) {
	p, err := s.Shop.ChangeProduct(ctx, callerOf(ctx).Principal, in.ID, in.Body)
	return &body[show.Product]{p}, err
}

func (s *server) removeProduct(ctx context.Context, in *OfProduct) (*nothing, error) {
	return nil, s.Shop.RemoveProduct(ctx, callerOf(ctx).Principal, in.ID)
}

func (s *server) getPicture(w http.ResponseWriter, r *http.Request, _ *caller) {
	if s.Shop == nil {
		s.write(w, off("There is no shop on this server"))
		return
	}
	file, kind, err := s.Shop.Picture(r.Context(), show.ProductID(r.PathValue("id")))
	if err != nil {
		s.write(w, err)
		return
	}
	writePicture(w, r, kind, file)
}

// writePicture answers with a picture. An address with ?v= is of this one for ever.
func writePicture(w http.ResponseWriter, r *http.Request, kind string, file []byte) {
	cache := "public, max-age=60"
	if r.URL.Query().Get("v") != "" {
		cache = "public, max-age=31536000, immutable"
	}
	writeBody(w, r, kind, cache, file)
}

// read reads a body that is not JSON.
func (s *server) read(w http.ResponseWriter, r *http.Request, limit int64, tooLong string) ([]byte, bool) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyReadFor)) // the server's own is longer
	file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.write(w, &show.Error{Kind: show.Invalid, Detail: tooLong})
	}
	return file, err == nil // else the sender is gone
}

func (s *server) setPicture(w http.ResponseWriter, r *http.Request, c *caller) {
	file, ok := s.read(w, r, maxPicture, longPicture)
	if !ok {
		return
	}
	id := show.ProductID(r.PathValue("id"))
	var p show.Product
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		var from pictureAsk
		if json.Unmarshal(file, &from) != nil || from.PictureURL == "" {
			s.write(w, &show.Error{Kind: show.Invalid, Detail: "send a PNG, a JPEG, or where one is: {\"picture_url\": \"https://…\"}"})
			return
		}
		p, err = s.Shop.FetchPicture(r.Context(), c.Principal, id, from.PictureURL)
	} else {
		p, err = s.Shop.SetPicture(r.Context(), c.Principal, id, file)
	}
	s.answer(w, p, err)
}

// answer writes what is not public.
func (s *server) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		s.write(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked has left
}

func (s *server) importProducts(w http.ResponseWriter, r *http.Request, c *caller) {
	of := show.SessionID(r.URL.Query().Get("session"))
	if of != "" && !s.People.May(c.Principal, show.MaySessions, of) {
		s.write(w, &show.Error{Kind: show.Forbidden, Detail: "only an administrator or the session's creator may do that"})
		return
	}
	file, ok := s.read(w, r, maxCSV, "the file has more than 1 MiB; import it in parts")
	if !ok {
		return
	}
	done, err := s.Shop.Import(r.Context(), c.Principal, of, file, r.URL.Query().Get("dry_run") == "true")
	s.answer(w, done, err)
}

func (s *server) exportProducts(w http.ResponseWriter, r *http.Request, _ *caller) {
	file, err := s.Shop.Export(show.SessionID(r.URL.Query().Get("session")))
	s.csv(w, "products", file, err)
}

func (s *server) csv(w http.ResponseWriter, name string, file []byte, err error) {
	if err != nil {
		s.write(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	_, _ = w.Write(file) // whoever asked has left
}

func (s *server) addPin(ctx context.Context, in *struct {
	OfSession
	Body show.NewPin
}) (*body[show.Pin], error) {
	if s.Shop == nil {
		return nil, off("There is no shop on this server")
	}
	p, err := s.Shop.AddPin(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[show.Pin]{p}, err
}

func (s *server) endPin(ctx context.Context, in *ofPin) (*nothing, error) {
	if s.Shop == nil {
		return nil, off("There is no shop on this server")
	}
	return nil, s.Shop.EndPin(ctx, callerOf(ctx).Principal, in.S, in.ID)
}

func (s *server) listPins(w http.ResponseWriter, r *http.Request, _ *caller) {
	of := show.SessionID(r.PathValue("s"))
	if _, ok := s.Sessions.Get(of); !ok {
		s.write(w, &show.Error{Kind: show.NotFound, Detail: "there is no such session; /api/v1/sessions lists them"})
		return
	}
	if s.Shop == nil {
		s.write(w, off("There is no shop on this server"))
		return
	}
	s.writeJSON(w, r, s.Shop.Pins(of))
}

func (s *server) reportPins(w http.ResponseWriter, r *http.Request, _ *caller) {
	if s.Shop == nil {
		s.write(w, off("There is no shop on this server"))
		return
	}
	of := show.SessionID(r.PathValue("s"))
	file, err := s.Shop.Report(r.Context(), of)
	s.csv(w, "pins-"+string(of), file, err)
}
