// Package libav decodes, scales and encodes with Debian's libavcodec,
// libswscale and libswresample. It is the only package with cgo, and only
// child processes (transcode/worker, transcode/testcard) and tests run it:
// what a peer sends reaches the codecs here, and nothing that must stay alive
// shares their process.
//
// It guarantees:
//   - Every decoder and encoder belongs to one goroutine at a time and works in
//     it, on one thread (x265, for tests, has one more). Different ones may run at
//     once.
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
// Only the C API that FFmpeg 5.1 to 7.1 have in common is used. It is tested with 5.1
// and compiles without a warning against the headers of 6.1.
package libav
