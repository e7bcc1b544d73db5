package people

import (
	"context"
	"net/url"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

// Tidy is what Run does every minute.
func (s *Service) Tidy(ctx context.Context) { s.tidy(ctx) }

// CheapPasswords spares the tests what a guess costs.
func (s *Service) CheapPasswords() { s.passwords = auth.NewPasswords(auth.Cost{KiB: 32, Passes: 1}) }

// CheckSources has addresses of cameras judged by f.
func (s *Service) CheckSources(f func(*url.URL, show.Reach) error) { s.o.CheckSource = f }
