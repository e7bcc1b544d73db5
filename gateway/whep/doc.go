// Package whep sends the program to viewers by WebRTC (WHEP): H.264 and Opus.
//
// A frame of each rung is cut into packets once. Each worker then sends it to its
// share of the viewers, who differ in SSRC, payload type and sequence number only;
// and all share one ring of packets from which losses are repaired.
//
// It guarantees:
//   - Write never blocks. A worker's queue holds maxQueue frames; when it is full
//     the frame is dropped for that worker's viewers, who then see nothing new
//     until the next keyframe. Dropped frames are counted.
//   - A viewer begins with the latest keyframe if that is younger than maxLate, and
//     is given at once what followed it; else with the next, which is asked for.
//   - A frame for all of a worker's viewers is given to the kernel in a few system
//     calls. A large keyframe is spread over some milliseconds; nothing else waits.
//   - A viewer's pictures start with a keyframe, are in order and have no gap in
//     their sequence numbers except those of packets lost on the way.
//   - A viewer is sent one rung at a time, and another from a keyframe on: the one
//     that it has chosen, else what its own reports show its link to take (see
//     package steer). Numbers and timestamps go on through a change, and until the new
//     rung's keyframe, which is asked for on the way down, the old one is sent.
//   - Past the limits of rtc.Config a viewer is given a smaller rung, and when none
//     fits answered 503 with the address of the playlist and when to try again. The
//     same while a worker is busy for most of its time or had to drop a frame.
//   - A viewer may open a data channel labelled regie. It hears on it of every cue
//     from Announce with the timestamp of its picture, of those that are current when
//     it joins, and of renditions, of which it may choose one. What it says that makes
//     no sense, or too often, closes the channel, as does not reading; never the peer.
//   - A packet that is sent again is the same to the last byte. With AES-GCM
//     anything else would use a nonce twice (RFC 7714 section 10.3).
//   - Keyframes are asked of the encoder at most once per keyframeInterval,
//     however many viewers join, leave or complain.
//   - A viewer who asks for more repairs than rtc.RepairShare of what was sent gets
//     no more than that.
//   - Close ends all viewers, who see their DTLS transport close, and waits.
package whep
