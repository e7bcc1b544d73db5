// Package worker is the child process that decodes, mixes and encodes: the one
// place where what peers send meets a codec. Its parent is a transcode.Session.
//
// It guarantees:
//   - The program runs on its own clock. No source can stop it, slow it down or
//     make it grow: every source has its own goroutines, bounded queues in front
//     of them and a bounded number of pictures behind them.
//   - Video frames lie on the grid of the frame rate, each once, in order. A tick
//     that comes too late is skipped, never queued; borders of parts and groups
//     of pictures are made up for, so that every part has a frame and every group
//     begins with an IDR. All rungs of the ladder have the same frames and the same
//     keyframes.
//   - Audio packets follow each other without a gap.
//   - After a gap, an error or damage a source's picture stands still until its
//     next keyframe, for which the publisher is asked; a smeared picture is never
//     shown knowingly.
//   - It ends when its standard input ends, when its parent dies, and when
//     anything in its own machinery fails: the parent starts another.
//
// Who owns what: the reader of standard input hands access units to the feeds;
// each feed (one goroutine a track) owns its decoder; the video loop owns the
// ladder, the canvas and the tiles on show; the audio loop owns the mix and both
// audio encoders.
package worker
