package audience

import "context"

// Expire does what Run does every second.
func (m *Moderation) Expire(ctx context.Context) { m.expire(ctx) }
