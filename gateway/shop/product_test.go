package shop

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

func TestCheck(t *testing.T) {
	n := func(i int) *int { return &i }
	good := show.Product{Title: "Cup", Price: "12.50", Currency: "EUR", URL: "https://shop.example/cup?a=b#c"}
	for name, test := range map[string]struct {
		change func(*show.Product)
		says   string // empty: it is good
	}{
		"good":                 {func(*show.Product) {}, ""},
		"yen":                  {func(p *show.Product) { p.Price, p.Currency = "1200", "JPY" }, ""},
		"free":                 {func(p *show.Product) { p.Price = "0" }, ""},
		"none left":            {func(p *show.Product) { p.Stock = n(0) }, ""},
		"80 letters":           {func(p *show.Product) { p.Title = strings.Repeat("é", 80) }, ""},
		"no title":             {func(p *show.Product) { p.Title = " " }, "1 to 80"},
		"81 letters":           {func(p *show.Product) { p.Title = strings.Repeat("e", 81) }, "1 to 80"},
		"two lines":            {func(p *show.Product) { p.Title = "a\nb" }, "on one line"},
		"turned text":          {func(p *show.Product) { p.Title = "Cup \u202e00.21" }, "on one line"},
		"yen with decimals":    {func(p *show.Product) { p.Price, p.Currency = "1200.5", "JPY" }, "at most 0 decimals"},
		"tenths of a cent":     {func(p *show.Product) { p.Price = "1.005" }, "at most 2 decimals"},
		"no number":            {func(p *show.Product) { p.Price = "1e3" }, "a price is a number"},
		"below nothing":        {func(p *show.Product) { p.Price = "-1" }, "a price is a number"},
		"no money":             {func(p *show.Product) { p.Currency = "XYZ" }, "ISO 4217"},
		"http":                 {func(p *show.Product) { p.URL = "http://shop.example/" }, "its page in the shop"},
		"script":               {func(p *show.Product) { p.URL = "javascript:alert(1)" }, "its page in the shop"},
		"without scheme":       {func(p *show.Product) { p.URL = "//shop.example/" }, "its page in the shop"},
		"a password":           {func(p *show.Product) { p.URL = "https://shop.example@evil.example/" }, "its page in the shop"},
		"a backslash":          {func(p *show.Product) { p.URL = `https://shop.example\@evil.example/` }, "its page in the shop"},
		"a line in an address": {func(p *show.Product) { p.URL = "https://shop.example/\r\nSet-Cookie: a=b" }, "its page in the shop"},
		"a tab in the scheme":  {func(p *show.Product) { p.URL = "https:\t//shop.example/" }, "its page in the shop"},
		"too long an address":  {func(p *show.Product) { p.URL = "https://shop.example/" + strings.Repeat("a", 1000) }, "more than 1000"},
		"less than none left":  {func(p *show.Product) { p.Stock = n(-1) }, "a stock is"},
		"an offer long ago":    {func(p *show.Product) { p.OfferEnds = time.Unix(0, 0) }, "offer_ends"},
	} {
		p := good
		test.change(&p)
		err := check(&p)
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

func TestImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		r.cup(t)
		other, err := r.AddProduct(t.Context(), ana, show.Product{Session: "other", Title: "X", Price: "1", Currency: "EUR", URL: "https://x.example/"})
		if err != nil {
			t.Fatal(err)
		}
		const french = "\xef\xbb\xbfTitle;Price;Currency;URL;Stock\r\nCup;13,00;EUR;https://shop.example/cup;32\r\n\"Bowl; blue\";9,5;EUR;https://shop.example/bowl;\r\n;;;;\r\n"
		want := `[change Cup: price "12.50" becomes "13.00", stock "" becomes "32" add Bowl; blue, 9.50 EUR] []`
		for _, dry := range []bool{true, false} {
			done, err := r.Import(t.Context(), ana, "studio", []byte(french), dry)
			if got := fmt.Sprint(done.Changes, " ", done.Warnings); err != nil || got != want {
				t.Errorf("dry %v: %s, %v\nwant %s", dry, got, err, want)
			}
			if n := len(r.Products("studio")); n != map[bool]int{true: 1, false: 2}[dry] {
				t.Errorf("dry %v: %d products", dry, n)
			}
		}
		exported, err := r.Export("studio")
		if err != nil {
			t.Fatal(err)
		}
		if done, err := r.Import(t.Context(), ana, "studio", exported, false); err != nil || len(done.Changes) != 0 {
			t.Errorf("what was exported changes %v (%v)", done.Changes, err)
		}
		for name, test := range map[string]struct{ file, says string }{
			"nothing":           {"", "the file is empty"},
			"latin 1":           {"title\xe9", "UTF-8"},
			"a column":          {"title,price,currency,url,colour\n", `the column "colour" is not known`},
			"no url":            {"title,price,currency\n", "the column url is missing"},
			"two bad lines":     {"title,price,currency,url\nA,x,EUR,https://a.example/\nB,1,EUR,https://b.example/\nC,1,EUR,http://c.example/\n", "line 2: a price is a number such as 12.50, without the currency; line 4: "},
			"twice":             {"title,price,currency,url\nA,1,EUR,https://a.example/\nB,1,EUR,https://a.example/\n", "line 3: it is the product of line 2 again"},
			"another session's": {"id,title,price,currency,url\n" + string(other.ID) + ",A,1,EUR,https://a.example/\n", "another session's product"},
			"an id":             {"id,title,price,currency,url\n../x,A,1,EUR,https://a.example/\n", "an id has"},
			"cells":             {"title,price,currency,url\nA,1,EUR,https://a.example/,5\n", "line 2 has 5 cells"},
			"a picture inside":  {"title,price,currency,url,picture_url\nA,1,EUR,https://a.example/,http://localhost/\n", "line 2: localhost is not asked by https"},
			"quotes":            {"title,price,currency,url\n\"A,1,EUR,https://a.example/\n", "no CSV"},
		} {
			before := len(r.AllProducts())
			if _, err := r.Import(t.Context(), ana, "studio", []byte(test.file), false); show.KindOf(err) != show.Invalid || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want %q", name, err, test.says)
			}
			if n := len(r.AllProducts()); n != before {
				t.Errorf("%s: refused, and yet there are %d products", name, n)
			}
		}
	})
}

func FuzzReadRows(f *testing.F) {
	f.Add([]byte("title,price,currency,url\nA,1,EUR,https://a.example/\n"))
	f.Add([]byte("\xef\xbb\xbftitle;price;currency;url;stock\r\n\"A\";1,5;EUR;https://a.example/;3\r\n"))
	f.Add([]byte("id\ttitle\tprice\tcurrency\turl\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := readRows(file)
		if err != nil {
			if show.KindOf(err) != show.Invalid {
				t.Errorf("%v is not for people", err)
			}
			return
		}
		for _, r := range rows {
			p, _, err := r.product("studio", nil)
			if err == nil && check(&p) != nil {
				t.Errorf("%+v is imported and is not good", p)
			}
		}
	})
}
