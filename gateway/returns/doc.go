// Package returns is the return feed: every person on a stage, and every desk, gets
// the others' pictures and sound and the program's picture, each in a slot that was
// agreed on at the start. The session is a WHEP-like one (POST an offer, PATCH,
// DELETE) whose offer has Slots times a video and an audio section, one more video
// section for the program, and a data channel labelled regie.
//
// It guarantees:
//   - Write and the rest of what the stage calls never block. Each receiver has a
//     queue of maxQueue frames of its own; when that is full the frame is dropped for
//     that receiver alone, and counted, and the picture stands still until the next
//     keyframe. Nobody waits for anybody.
//   - Nobody ever hears themselves, whatever the stage's Route says; their picture
//     alone they may get.
//   - A receiver whose link is too thin, as its own reports say, gets fewer pictures:
//     first the program's goes, then those of the least important people, until it
//     gets sound alone; they come back when it is quiet (see package steer). The
//     data channel says of a slot that it is "paused", and of the program.
//   - Who is in which slot changes without negotiation. A person keeps the slot as
//     long as they are routed, and gets the same again when they come back and it is
//     free. The data channel tells {"type":"slots","slots":[{"slot":0,"participant":
//     "guest1"},…]} when it opens and with every change.
//   - In every section sequence numbers have no gap but for lost packets, timestamps
//     follow the wall clock, also over a change and over the time when nobody is
//     there, and what a new person shows begins with a keyframe. Sender reports put
//     picture and sound of a slot on one clock.
//   - Pictures are cut into packets but never decoded; sound is passed as it is,
//     without waiting for anything.
//   - A keyframe is asked of a source at most once per keyframeInterval, however many
//     receivers join, complain or change.
//   - A lost packet of a picture is sent again as it was, to the last byte; with AES-GCM
//     anything else would use a nonce twice. Who asks for more than rtc.RepairShare of
//     what was sent gets no more than that.
//   - One receiver has one connection: a newer one ends the older, which is told
//     {"type":"replaced"}. Remove tells {"type":"removed","reason":…} and ends it at
//     once; the DTLS transport closes.
//   - Close ends all receivers and waits for them.
package returns
