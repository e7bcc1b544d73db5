package audience

import "context"

// Flush does what Run does twice a second.
func (rs *Rooms) Flush(ctx context.Context) { rs.beat(ctx, false) }
