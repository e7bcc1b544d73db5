package show

import "time"

// ProductID names a product; PinID one time that it was pinned.
type (
	ProductID string
	PinID     string
)

// Product is something that a creator shows to the audience and a shop elsewhere
// sells.
type Product struct {
	ID        ProductID `json:"id"`
	Session   SessionID `json:"session,omitempty"` // empty: of the whole event
	Title     string    `json:"title"`
	Price     string    `json:"price"`    // a decimal number
	Currency  string    `json:"currency"` // ISO 4217
	URL       string    `json:"url"`      // https
	Stock     *int      `json:"stock,omitempty"`
	OfferEnds time.Time `json:"offer_ends,omitzero"`
	Picture   string    `json:"picture,omitempty"` // a path on this server
	// PictureError says why the picture that an import named is not here.
	PictureError string `json:"picture_error,omitempty"`
}

// PicturePath is where the picture of a product is, by the hash of what it holds.
func (p ProductID) PicturePath(hash string) string {
	if hash == "" {
		return ""
	}
	return "/api/v1/products/" + string(p) + "/picture?v=" + hash
}

// ProductPatch changes what is set. A stock below 0 and a zero time take theirs away.
type ProductPatch struct {
	Title     *string    `json:"title,omitempty"`
	Price     *string    `json:"price,omitempty"`
	Currency  *string    `json:"currency,omitempty"`
	URL       *string    `json:"url,omitempty"`
	Stock     *int       `json:"stock,omitempty"`
	OfferEnds *time.Time `json:"offer_ends,omitempty"`
}

// Pin is a product that is, or was, shown to viewers from a moment of the program on.
// It says what its product says, also when that has changed since.
type Pin struct {
	ID        PinID     `json:"id"`
	Product   ProductID `json:"product"`
	Title     string    `json:"title"`
	Price     string    `json:"price"`
	Currency  string    `json:"currency"`
	Picture   string    `json:"picture,omitempty"`
	Link      string    `json:"link"` // a path on this server, which counts
	Stock     *int      `json:"stock,omitempty"`
	OfferEnds time.Time `json:"offer_ends,omitzero"`
	Start     time.Time `json:"start"` // program time, on the wall clock
	Seconds   float64   `json:"seconds"`
}

// Ends is when the pin is taken away again.
func (p Pin) Ends() time.Time {
	return p.Start.Add(time.Duration(p.Seconds * float64(time.Second)).Round(time.Millisecond))
}

// NewPin asks for a pin, from now on.
type NewPin struct {
	Product ProductID `json:"product"`
	Seconds int       `json:"seconds,omitempty"` // default: 60
}

// StoredPin is a pin with what only its link leads to.
type StoredPin struct {
	Pin
	Session SessionID
	URL     string
}

// Of makes the pin say what a product says.
func (p *StoredPin) Of(of Product) {
	p.Title, p.Price, p.Currency, p.URL = of.Title, of.Price, of.Currency, of.URL
	p.Stock, p.OfferEnds, p.Picture = of.Stock, of.OfferEnds, of.Picture
}

// PinCount is what became of a pin in one minute.
type PinCount struct {
	Pin     PinID
	Product ProductID
	Title   string
	Minute  time.Time
	Shown   int // the most viewers that the session had while the pin was on
	Opened  int
}

// Link is where a pin leads: a path on this server.
func (p PinID) Link() string { return "/p/" + string(p) }
