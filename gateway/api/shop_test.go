package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// stall is the shop of the company: it has one product of studio, x1, and one of
// the whole event, x2.
type stall struct{ *company }

func (stall) Products(show.SessionID) []show.Product { return []show.Product{{ID: "x1"}} }
func (stall) AllProducts() []show.Product            { return nil }
func (stall) Product(id show.ProductID) (show.Product, bool) {
	of := map[show.ProductID]show.SessionID{"x1": "studio", "x2": ""}
	session, ok := of[id]
	return show.Product{ID: id, Session: session}, ok
}
func (c stall) AddProduct(_ context.Context, _ show.Principal, p show.Product) (show.Product, error) {
	return p, c.note("add product " + p.Title + " of " + string(p.Session))
}
func (c stall) ChangeProduct(_ context.Context, _ show.Principal, id show.ProductID, _ show.ProductPatch) (show.Product, error) {
	return show.Product{ID: id}, c.note("change product " + string(id))
}
func (c stall) RemoveProduct(_ context.Context, _ show.Principal, id show.ProductID) error {
	return c.note("remove product " + string(id))
}
func (stall) Picture(context.Context, show.ProductID) ([]byte, string, error) {
	return []byte("png"), "image/png", nil
}
func (c stall) SetPicture(_ context.Context, _ show.Principal, id show.ProductID, file []byte) (show.Product, error) {
	return show.Product{ID: id}, c.note("picture of " + string(id) + ": " + string(file[:min(len(file), 8)]))
}
func (c stall) FetchPicture(_ context.Context, _ show.Principal, id show.ProductID, address string) (show.Product, error) {
	return show.Product{ID: id}, c.note("picture of " + string(id) + " from " + address)
}
func (c stall) Import(_ context.Context, _ show.Principal, of show.SessionID, file []byte, dry bool) (show.Imported, error) {
	what := "import "
	if dry {
		what = "dry import "
	}
	return show.Imported{}, c.note(what + string(file) + " to " + string(of))
}
func (stall) Export(show.SessionID) ([]byte, error) { return []byte("id\n"), nil }
func (stall) Pins(show.SessionID) []show.Pin        { return []show.Pin{} }
func (c stall) AddPin(_ context.Context, _ show.Principal, of show.SessionID, n show.NewPin) (show.Pin, error) {
	return show.Pin{ID: "pin1"}, c.note("pin " + string(n.Product) + " in " + string(of))
}
func (c stall) EndPin(_ context.Context, _ show.Principal, of show.SessionID, id show.PinID) error {
	return c.note("end pin " + string(id) + " in " + string(of))
}
func (stall) Report(context.Context, show.SessionID) ([]byte, error) { return []byte("pin\n"), nil }

func TestShop(t *testing.T) {
	const cup = `{"title":"Cup","price":"1","currency":"EUR","url":"https://a.example/"`
	for _, test := range []struct {
		who, method, path, body string
		status                  int
		does                    string
	}{
		{"moderator", "GET", "/products?session=studio", "", 200, ""},
		{"guest", "GET", "/products?session=studio", "", 403, ""},
		{"stranger", "GET", "/products?session=studio", "", 403, ""},
		{"admin", "GET", "/products?session=nowhere", "", 404, ""},
		{"host", "POST", "/products", cup + `,"session":"studio"}`, 201, "add product Cup of studio"},
		{"host", "POST", "/products", cup + `,"session":"other"}`, 403, ""},
		{"host", "POST", "/products", cup + `}`, 403, ""},
		{"admin", "POST", "/products", cup + `}`, 201, "add product Cup of "},
		{"admin", "POST", "/products", cup + `,"session":"nowhere"}`, 404, ""},
		{"admin", "POST", "/products", cup + `,"colour":"red"}`, 422, ""},
		{"", "POST", "/products", cup + `}`, 401, ""},
		{"host", "PATCH", "/products/x2", `{"stock":3}`, 403, ""},
		{"admin", "PATCH", "/products/x2", `{"stock":3}`, 200, "change product x2"},
		{"admin", "PATCH", "/products/x3", `{"stock":3}`, 404, ""},
		{"creator", "POST", "/products/import?session=studio&dry_run=true", "csv", 200, "dry import csv to studio"},
		{"creator", "POST", "/products/import?session=studio", "csv", 200, "import csv to studio"},
		{"creator", "POST", "/products/import", "csv", 403, ""},
		{"host", "POST", "/products/import?session=studio", "csv", 403, ""},
		{"moderator", "POST", "/products/import?session=studio", "csv", 403, ""},
		{"admin", "POST", "/products/import", strings.Repeat("x", maxCSV+1), 422, ""},
		{"host", "PUT", "/products/x1/picture", `{"picture_url":""}`, 422, ""},
		{"host", "PUT", "/products/x1/picture", strings.Repeat("x", maxPicture+1), 422, ""},
		{"host", "PUT", "/products/x1/picture", `{"picture_url":"https://a.example/"}`, 200, "picture of x1 from https://a.example/"},
		{"host", "POST", "/sessions/studio/pins", `{"product":"x1"}`, 201, "pin x1 in studio"},
		{"host", "POST", "/sessions/other/pins", `{"product":"x1"}`, 403, ""},
		{"", "GET", "/sessions/nowhere/pins", "", 404, ""},
	} {
		c := &company{}
		res := ask(t, serve(t, c), test.who, test.method, base+test.path, test.body)
		if res.StatusCode != test.status || c.last() != test.does {
			t.Errorf("%s %s %s %.60s: %d %s, did %q; want %d and %q", test.who, test.method, test.path, test.body, res.StatusCode, res.text, c.last(), test.status, test.does)
		}
	}
	c := &company{}
	if res := ask(t, serve(t, c), "host", "PUT", base+"/products/x1/picture", "\x89PNG", "Content-Type", "image/png"); res.StatusCode != http.StatusOK || c.last() != "picture of x1: \x89PNG" {
		t.Errorf("%d %s, did %q", res.StatusCode, res.text, c.last())
	}
	res := ask(t, serve(t, c), "", "GET", base+"/products/x1/picture?v=1", "")
	if res.Header.Get("Content-Type") != "image/png" || res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("a picture comes with %v", res.Header)
	}
}
