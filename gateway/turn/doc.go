// Package turn relays WebRTC for people on networks that let nothing else out: a TURN
// server (RFC 8656) on one port, UDP and TCP, for people on stage.
//
// It guarantees:
//   - It relays to the appliance's own WebRTC port and to nothing else, whatever a
//     client asks for: every relayed packet leaves by a socket that is connected to
//     that port. So it is no way into the operator's network, nor out of it.
//   - Credentials are an HMAC of a person and a time, valid for credentialLife. What
//     was begun with one may go on after that. Revoke ends all that a person has, and
//     refuses every credential that they were given before.
//   - One person has at most maxPerPerson allocations, all together maxAllocations;
//     TCP connections are bounded, and one that is silent for connIdle is closed.
//   - Packets that wait for a client are bounded by relayQueue and dropped past it.
//   - Close ends all allocations and waits for what it started.
package turn
