package people

import (
	"context"

	"github.com/regie-live/regie/gateway/auth"
)

// Tidy is what Run does every minute.
func (s *Service) Tidy(ctx context.Context) { s.tidy(ctx) }

// CheapPasswords spares the tests what a guess costs.
func (s *Service) CheapPasswords() { s.passwords = auth.NewPasswords(auth.Cost{KiB: 32, Passes: 1}) }
