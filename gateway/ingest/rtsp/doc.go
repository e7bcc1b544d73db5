// Package rtsp takes publishers over RTSP and RTSPS (ANNOUNCE and RECORD, RFC
// 2326; media over UDP or interleaved in TCP), and pulls from cameras that
// serve RTSP.
//
// It guarantees:
//   - An encoder is refused in the answer to ANNOUNCE, before it sends: the
//     reason phrase says why and what to do, because that is what encoders show.
//     403: wrong key. 404: no key in the path. 415: a coding that we cannot mix.
//     503 with Retry-After: the seat is taken, or we are full or stopping. RTSP
//     has no code for a conflict, and 453 to 455 mean something else. Playing is
//     405.
//   - A connection that does not come to RECORD within HandshakeTimeout is
//     closed, one without media for MediaTimeout likewise. At most MaxConns are
//     open. A panic in reading one publisher's packets ends that publisher only.
//   - After a lost packet, pictures are dropped and counted until the next
//     keyframe: a mixer shows the last good picture rather than a smeared one.
//   - Sound and pictures share one clock, aligned by RTCP sender reports
//     (rtptime says how).
//   - A Puller comes back for ever, after 1 s and up to 30 s; the camera's
//     password reaches no log.
package rtsp
