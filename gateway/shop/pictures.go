package shop

import (
	"context"

	"github.com/regie-live/regie/gateway/internal/picture"
	"github.com/regie-live/regie/gateway/show"
)

// side is how large a picture is kept: twice what a card shows.
const side = 800

// Picture is a product's picture and its media type.
func (s *Service) Picture(ctx context.Context, id show.ProductID) ([]byte, string, error) {
	file, mediaType, err := s.store.ProductPicture(ctx, id)
	if err == nil && len(file) == 0 {
		err = no(show.NotFound, "this product has no picture")
	}
	return file, mediaType, err
}

// SetPicture takes a PNG or a JPEG.
func (s *Service) SetPicture(ctx context.Context, by show.Principal, id show.ProductID, file []byte) (show.Product, error) {
	p, ok := s.Product(id)
	if !ok {
		return p, errNoProduct
	}
	return s.setPicture(ctx, id, file, s.entry(by, "product.picture", p.Session, p.Title))
}

func (s *Service) setPicture(ctx context.Context, id show.ProductID, file []byte, e show.AuditEntry) (show.Product, error) {
	clean, err := picture.Clean(file, side)
	if err != nil {
		return show.Product{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	p, ok := s.Product(id)
	if !ok {
		return p, errNoProduct
	}
	if err := s.store.PutProductPicture(ctx, id, clean.Bytes, clean.Type, clean.Hash, e); err != nil {
		return p, err
	}
	p.Picture, p.PictureError = id.PicturePath(clean.Hash), ""
	s.know(p)
	return p, nil
}

// FetchPicture takes the picture that an address outside has.
func (s *Service) FetchPicture(ctx context.Context, by show.Principal, id show.ProductID, address string) (show.Product, error) {
	if p, ok := s.Product(id); !ok {
		return p, errNoProduct
	}
	file, err := s.get(ctx, address)
	if err != nil {
		return show.Product{}, no(show.Invalid, "%s", inWords(err))
	}
	return s.SetPicture(ctx, by, id, file)
}

func (s *Service) get(ctx context.Context, address string) ([]byte, error) {
	a, err := s.o.Fetch.Get(ctx, address)
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, no(show.Invalid, "the server of the picture answers %d; look at the address in a browser", a.Status)
	}
	return a.Body, nil
}

// fetchPictures fetches what imports named, one after the other.
func (s *Service) fetchPictures(ctx context.Context) {
	for {
		from, err := s.store.PicturesToFetch(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("the pictures to fetch cannot be read", "error", err)
		}
		for id, address := range from {
			if ctx.Err() != nil {
				return
			}
			s.fetchOne(ctx, id, address)
		}
		select {
		case <-s.fetch:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) fetchOne(ctx context.Context, id show.ProductID, address string) {
	file, err := s.get(ctx, address)
	if err == nil {
		_, err = s.setPicture(ctx, id, file, show.AuditEntry{})
	}
	if err == nil || ctx.Err() != nil { // the next Run tries again
		return
	}
	s.log.Warn("the picture of a product cannot be had", "product", id, "error", err)
	s.turn.Lock()
	defer s.turn.Unlock()
	p, ok := s.Product(id)
	if err := s.store.PictureFailed(ctx, id, address, inWords(err)); err != nil {
		s.log.Error("a picture that cannot be had will be asked for again", "product", id, "error", err)
		return
	}
	if ok {
		p.PictureError = inWords(err)
		s.know(p)
	}
}
