package shop

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/show"
)

func pngFile(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	picture := pngFile(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cup.png":
			_, _ = w.Write(picture)
		case "/page":
			_, _ = w.Write([]byte("<html>"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	r := open(t, t.TempDir(), strings.TrimPrefix(server.URL, "http://"))
	cup := r.cup(t)
	for address, says := range map[string]string{
		server.URL + "/none":             "answers 404",
		server.URL + "/page":             "neither a PNG nor a JPEG",
		"https://169.254.169.254/latest": "not on the public internet",
		"http://localhost/cup.png":       "not asked by https",
		"file:///etc/passwd":             "no URL",
	} {
		if _, err := r.FetchPicture(t.Context(), ana, cup.ID, address); show.KindOf(err) != show.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, _, err := r.Picture(t.Context(), cup.ID); show.KindOf(err) != show.NotFound {
		t.Error(err)
	}
	p, err := r.FetchPicture(t.Context(), ana, cup.ID, server.URL+"/cup.png")
	if err != nil || !strings.HasPrefix(p.Picture, "/api/v1/products/"+string(cup.ID)+"/picture?v=") {
		t.Fatalf("%+v, %v", p, err)
	}
	if file, kind, err := r.Picture(t.Context(), cup.ID); err != nil || kind != "image/png" || len(file) == 0 {
		t.Error(kind, err)
	}

	csv := "title,price,currency,url,picture_url\nBowl,1,EUR,https://shop.example/bowl," + server.URL + "/cup.png\nPlate,1,EUR,https://shop.example/plate," + server.URL + "/page\n"
	if _, err := r.Import(t.Context(), ana, "studio", []byte(csv), false); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		all := r.Products("studio")
		if len(all) == 3 && all[1].Picture != "" && strings.Contains(all[2].PictureError, "neither a PNG") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", all)
		}
	}
	stored, err := r.store.Products(t.Context())
	if d := cmp.Diff(r.Products("studio"), stored); d != "" || err != nil {
		t.Error(d, err)
	}
	if wanted, err := r.store.PicturesToFetch(t.Context()); err != nil || len(wanted) != 0 {
		t.Errorf("%v is still wanted (%v)", wanted, err)
	}
}
