// Package whip takes feeds by WebRTC (WHIP, RFC 9725): from browsers, OBS, FFmpeg
// and whatever else speaks it.
//
// It guarantees:
//   - A publisher is answered only when its key opened a seat and every track of
//     its offer can be used; half a session would mislead its owner.
//   - A picture with missing packets never goes on: after a loss that NACK did
//     not repair, pictures are dropped (and counted) up to the next keyframe,
//     which is asked for at most every keyframeInterval.
//   - Both tracks are on one clock: see package rtptime.
//   - A packet that is not what its codec's payload format says costs its picture
//     and nothing else.
//   - Each track has one goroutine for media and one for reports; both end with
//     the peer, and the Publisher is closed after them, exactly once.
//   - Packets that wait for a missing one are bounded: reorderSize of them, for
//     reorderWait; a picture has at most maxPackets.
package whip
