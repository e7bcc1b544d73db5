// Package libav decodes, scales and encodes with Debian's libavcodec,
// libswscale and libswresample. It is the only package with cgo, and only
// child processes (transcode/worker, transcode/testcard) and tests run it:
// what a peer sends reaches the codecs here, and nothing that must stay alive
// shares their process.
//
// It guarantees:
//   - Every decoder and encoder runs in the caller's goroutine, on one thread,
//     and belongs to one goroutine at a time. Different ones may run at once.
//   - No hardware is used, nothing is written to stderr, and no method blocks
//     on anything but arithmetic.
//   - Decoders accept any bytes: they return errors or damaged pictures. A
//     picture larger than the limit given at opening is an error and is never
//     allocated; an access unit above maxAccessUnit is refused.
//   - Decoded pictures come in presentation order, each with the PTS that its
//     own access unit had, and no later than the stream's reordering demands.
//   - Encoders are one in, one out.
//   - Close frees everything at once and may be called twice. After Close every
//     other method returns ErrClosed or does nothing.
//
// Only the C API that FFmpeg 5.1 to 7.1 have in common is used.
package libav
