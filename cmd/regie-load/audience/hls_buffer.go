package audience

import "time"

// The streams of a viewer meet in these methods.

// appended says that a stream's next part is in the buffer.
func (v *hlsViewer) appended(s *stream, size int64) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	first := v.buffer.load(now, s.track, s.loaded)
	v.beacon.bytes += size
	if first {
		v.beacon.startup = now.Sub(v.arrived)
		v.tally.hls.startup.add(v.beacon.startup)
	}
	v.account()
	if s.track == 0 && v.buffer.state == playing {
		v.tally.hls.latency.add(v.latency(now))
		v.report(now)
	}
}

// latency is how old the picture at the playhead is.
func (v *hlsViewer) latency(now time.Time) time.Duration {
	return now.Sub(v.edge.Add(v.buffer.head))
}

// jump moves the playhead to media time head.
func (v *hlsViewer) jump(head time.Duration) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.buffer.jump(now, head)
	v.account()
}

// remaining is how long what is loaded lasts.
func (v *hlsViewer) remaining(now time.Time) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.buffer == nil {
		return 0
	}
	v.buffer.advance(now)
	return v.buffer.end() - v.buffer.head
}

// account adds to the tally what the buffer has counted since.
func (v *hlsViewer) account() {
	b, c := v.buffer, &v.counted
	v.tally.hls.stalls.Add(b.stalls - c.stalls)
	v.tally.hls.dips.Add(b.dips - c.dips)
	v.tally.hls.stalled.Add((b.stalled - c.stalled).Microseconds())
	c.stalls, c.dips, c.stalled = b.stalls, b.dips, b.stalled
}

// report posts a beacon when one is due.
func (v *hlsViewer) report(now time.Time) {
	first := v.beacon.sent.IsZero()
	if v.post == nil || !first && now.Sub(v.beacon.sent) < beaconInterval {
		return
	}
	v.beacon.latency = v.latency(now)
	v.beacon.buffered = v.buffer.end() - v.buffer.head
	v.post.put(v.beacon.take(now, v.buffer, first))
}
