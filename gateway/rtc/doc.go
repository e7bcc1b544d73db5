// Package rtc is the WebRTC set-up that WHIP, WHEP and the return feeds share:
// one port, one set of codecs, one certificate, one way to answer an offer.
//
// It guarantees:
//   - Everything goes through one UDP port and the same port number over TCP. We
//     are ICE-lite: peers check connectivity, we answer, so we never send to an
//     address that somebody else named, and never look one up.
//   - Answer is immediate: candidates are known in advance (each address of this
//     machine and each public host once), nothing is gathered.
//   - A peer that does not connect within connectTimeout, or that is not heard of
//     for disconnectTimeout + failTimeout, is closed. OnClosed is called exactly
//     once, with the first cause, after everything of the peer has ended.
//   - There are never more viewers than Config.MaxViewers, nor are they to be sent
//     more than Config.MaxMbps, and none is let in while those who send to viewers do
//     not keep up: then NewPeer fails with a FullError. Publishers are let in all the
//     same.
//   - Media for a peer who comes by UDP and AES-GCM, as browsers do, may go past pion
//     by a Shortcut, under the keys of the same handshake. No nonce is used twice: from
//     the first packet on, either pion seals a stream or its Shortcut does.
//   - The packets that a Batch collects reach the network as they were written, in
//     order, whatever of UDP_SEGMENT and sendmmsg the kernel and the device can do:
//     what one way refuses goes by the next lower, and the better way is tried again
//     after wayRetry. Several batches send at once without waiting for each other.
//   - Net.Close closes every peer and waits for all of them.
//
// Packets that nobody asked for are dropped and end nothing.
package rtc
