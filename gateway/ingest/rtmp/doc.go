// Package rtmp takes publishers over RTMP, RTMPS and Enhanced RTMP v2.
//
// It guarantees:
//   - An encoder hears why it is refused before it believes that it is on air:
//     the stream key is checked before NetStream.Publish.Start is sent, and the
//     reason and the hint go into the description of the error status.
//   - A peer costs bounded memory. Before its key is accepted it can make us
//     hold 128 KiB, afterwards 9 MiB, whatever sizes it announces; AMF, which
//     nests, is never read from messages over 64 KiB.
//   - A peer that says nothing, stalls, or speaks something else is closed
//     within HandshakeTimeout, or within MediaTimeout once its key is accepted,
//     and ends only itself.
//   - Timestamps are passed on as they come, unwrapped at 32 bits; jumps too.
//
// gortmplib's handshake, AMF and message writer are used; its ServerConn and
// Reader are not, because they accept before a key can be looked at, allocate
// what a header announces, end the stream at any codec or message they do not
// know, and hold the first two seconds of media back.
package rtmp
