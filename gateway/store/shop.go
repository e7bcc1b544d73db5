package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

const productColumns = `id, coalesce(session, ''), title, price, currency, url, stock, offer_ends, picture_hash, picture_error`

func scanProduct(r row) (show.Product, error) {
	var p show.Product
	var stock sql.NullInt64
	err := r.Scan(&p.ID, &p.Session, &p.Title, &p.Price, &p.Currency, &p.URL, &stock, moment{&p.OfferEnds}, &p.Picture, &p.PictureError)
	p.Stock, p.Picture = number(stock), p.ID.PicturePath(p.Picture)
	return p, err
}

func number(n sql.NullInt64) *int {
	if !n.Valid {
		return nil
	}
	v := int(n.Int64)
	return &v
}

// Products lists all, of sessions and of the event.
func (s *Store) Products(ctx context.Context) ([]show.Product, error) {
	return query(ctx, s.read, scanProduct, `SELECT `+productColumns+` FROM products ORDER BY rowid`)
}

// PutProducts adds products or changes them, and the pins that show them. pictures
// are addresses of pictures that are still to be fetched. A picture that is there is
// another matter.
func (s *Store) PutProducts(ctx context.Context, all []show.Product, pictures map[show.ProductID]string, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		for _, p := range all {
			if err := t.exec(`INSERT INTO products (id, session, title, price, currency, url, stock, offer_ends) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET title = excluded.title, price = excluded.price, currency = excluded.currency,
					url = excluded.url, stock = excluded.stock, offer_ends = excluded.offer_ends`,
				p.ID, orNull(p.Session), p.Title, p.Price, p.Currency, p.URL, p.Stock, stamp(p.OfferEnds)); err != nil {
				return err
			}
			if err := t.exec(`UPDATE pins SET title = ?, price = ?, currency = ?, url = ?, stock = ?, offer_ends = ? WHERE product = ?`,
				p.Title, p.Price, p.Currency, p.URL, p.Stock, stamp(p.OfferEnds), p.ID); err != nil {
				return err
			}
		}
		for id, from := range pictures {
			if err := t.exec(`UPDATE products SET picture_from = ?, picture_error = '' WHERE id = ?`, from, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveProduct deletes a product. The pins that showed it stay, without a picture.
func (s *Store) RemoveProduct(ctx context.Context, id show.ProductID, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`UPDATE pins SET picture_hash = '' WHERE product = ?`, id); err != nil {
			return err
		}
		return t.exec(`DELETE FROM products WHERE id = ?`, id)
	})
}

// ProductPicture is the picture of a product and its media type; nil if there is none.
func (s *Store) ProductPicture(ctx context.Context, id show.ProductID) (picture []byte, mediaType string, err error) {
	_, _, err = one(ctx, s.read, func(r row) (struct{}, error) {
		return struct{}{}, r.Scan(&picture, &mediaType)
	}, `SELECT picture, picture_type FROM products WHERE id = ?`, id)
	return picture, mediaType, err
}

// PutProductPicture gives a product and its pins a picture. None is to be fetched any more.
func (s *Store) PutProductPicture(ctx context.Context, id show.ProductID, picture []byte, mediaType, hash string, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`UPDATE pins SET picture_hash = ? WHERE product = ?`, hash, id); err != nil {
			return err
		}
		return t.exec(`UPDATE products SET picture = ?, picture_type = ?, picture_hash = ?, picture_from = '', picture_error = '' WHERE id = ?`,
			picture, mediaType, hash, id)
	})
}

// PicturesToFetch are the addresses of pictures that are still to be fetched.
func (s *Store) PicturesToFetch(ctx context.Context) (map[show.ProductID]string, error) {
	from := map[show.ProductID]string{}
	_, err := query(ctx, s.read, func(r row) (struct{}, error) {
		var id show.ProductID
		var url string
		err := r.Scan(&id, &url)
		from[id] = url
		return struct{}{}, err
	}, `SELECT id, picture_from FROM products WHERE picture_from <> ''`)
	return from, err
}

// PictureFailed notes why the picture that was to be fetched from an address is not
// there.
func (s *Store) PictureFailed(ctx context.Context, id show.ProductID, from, why string) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error {
		return t.exec(`UPDATE products SET picture_from = '', picture_error = ? WHERE id = ? AND picture_from = ?`, why, id, from)
	})
}

// Pins lists all, the oldest first.
func (s *Store) Pins(ctx context.Context) ([]show.StoredPin, error) {
	return query(ctx, s.read, func(r row) (show.StoredPin, error) {
		var p show.StoredPin
		var stock sql.NullInt64
		err := r.Scan(&p.ID, &p.Session, &p.Product, &p.Title, &p.Price, &p.Currency, &p.URL, &stock, moment{&p.OfferEnds}, &p.Picture, moment{&p.Start}, &p.Seconds)
		p.Stock, p.Picture, p.Link = number(stock), p.Product.PicturePath(p.Picture), p.ID.Link()
		return p, err
	}, `SELECT id, session, product, title, price, currency, url, stock, offer_ends, picture_hash, start, seconds FROM pins ORDER BY start, id`)
}

// AddPin keeps a pin.
func (s *Store) AddPin(ctx context.Context, p show.StoredPin, e show.AuditEntry) error {
	_, hash, _ := strings.Cut(p.Picture, "?v=")
	return s.change(ctx, e, func(t tx) error {
		return t.exec(`INSERT INTO pins (id, session, product, title, price, currency, url, stock, offer_ends, picture_hash, start, seconds)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, p.Session, p.Product, p.Title, p.Price, p.Currency, p.URL, p.Stock, stamp(p.OfferEnds), hash, stamp(p.Start), p.Seconds)
	})
}

// EndPin says how long a pin lasted.
func (s *Store) EndPin(ctx context.Context, id show.PinID, seconds float64, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`UPDATE pins SET seconds = ? WHERE id = ?`, seconds, id) })
}

// RemovePin forgets one that nobody saw.
func (s *Store) RemovePin(ctx context.Context, id show.PinID) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error { return t.exec(`DELETE FROM pins WHERE id = ?`, id) })
}

// CountPins adds to what is known of pins' minutes. What is counted of a pin that is
// gone is forgotten.
func (s *Store) CountPins(ctx context.Context, counts []show.PinCount) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error {
		for _, c := range counts {
			if err := t.exec(`INSERT INTO pin_minutes (pin, minute, shown, opened) SELECT id, ?, ?, ? FROM pins WHERE id = ?
				ON CONFLICT (pin, minute) DO UPDATE SET shown = max(shown, excluded.shown), opened = opened + excluded.opened`,
				stamp(c.Minute), c.Shown, c.Opened, c.Pin); err != nil {
				return err
			}
		}
		return nil
	})
}

// PinCounts tells what became of a session's pins, minute by minute.
func (s *Store) PinCounts(ctx context.Context, of show.SessionID) ([]show.PinCount, error) {
	return query(ctx, s.read, func(r row) (show.PinCount, error) {
		var c show.PinCount
		err := r.Scan(&c.Pin, &c.Product, &c.Title, moment{&c.Minute}, &c.Shown, &c.Opened)
		return c, err
	}, `SELECT p.id, p.product, p.title, m.minute, m.shown, m.opened FROM pins p JOIN pin_minutes m ON m.pin = p.id
		WHERE p.session = ? ORDER BY p.start, p.id, m.minute`, of)
}
