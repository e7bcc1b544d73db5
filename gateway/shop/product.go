package shop

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/unicode/norm"

	"github.com/regie-live/regie/gateway/show"
)

const (
	maxTitle = 80
	maxURL   = 1000
	maxStock = 1_000_000_000
)

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$`)

// check says what is wrong with a product, and writes it as it is kept.
func check(p *show.Product) error {
	p.Title = norm.NFC.String(strings.TrimSpace(p.Title))
	if n := utf8.RuneCountInString(p.Title); n == 0 || n > maxTitle || !utf8.ValidString(p.Title) || strings.ContainsFunc(p.Title, unprintable) {
		return no(show.Invalid, "a title has 1 to %d characters, on one line", maxTitle)
	}
	if err := checkPrice(p); err != nil {
		return err
	}
	if err := checkURL(p.URL); err != nil {
		return err
	}
	if p.Stock != nil && (*p.Stock < 0 || *p.Stock > maxStock) {
		return no(show.Invalid, "a stock is 0 to %d; leave it out if nobody counts", maxStock)
	}
	if !p.OfferEnds.IsZero() {
		p.OfferEnds = p.OfferEnds.UTC().Truncate(time.Millisecond)
		if y := p.OfferEnds.Year(); y < 2000 || y > 9999 {
			return no(show.Invalid, "offer_ends is a time such as 2026-11-27T18:00:00Z")
		}
	}
	return nil
}

// unprintable: also what turns the direction of text, which could disguise a price.
func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// checkPrice wants as many decimals as the currency has; those that are missing are
// filled up.
func checkPrice(p *show.Product) error {
	p.Currency = strings.ToUpper(strings.TrimSpace(p.Currency))
	unit, err := currency.ParseISO(p.Currency)
	if err != nil {
		return no(show.Invalid, "a currency is a code of ISO 4217, such as EUR or USD")
	}
	p.Price = strings.TrimSpace(p.Price)
	if !decimal.MatchString(p.Price) {
		return no(show.Invalid, "a price is a number such as 12.50, without the currency")
	}
	scale, _ := currency.Standard.Rounding(unit)
	whole, part, _ := strings.Cut(p.Price, ".")
	if len(strings.TrimRight(part, "0")) > scale {
		return no(show.Invalid, "a price in %s has at most %d decimals", p.Currency, scale)
	}
	p.Price = whole
	if scale > 0 {
		p.Price += "." + (part + "0000")[:scale]
	}
	return nil
}

// checkURL takes where a viewer may be sent: https, to somebody with a name, without
// anything that a browser and we might read differently.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" || u.User != nil,
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || unprintable(r) }):
		return no(show.Invalid, "a product's url is its page in the shop, such as https://shop.example.org/cup")
	case len(s) > maxURL:
		return no(show.Invalid, "the url has more than %d characters; take a shorter one", maxURL)
	}
	return nil
}
