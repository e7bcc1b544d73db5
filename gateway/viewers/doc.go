// Package viewers counts who watches, and what watching is like for them.
//
// A page that plays sends a beacon when the first picture is there, every ten
// seconds, when playing fails, and when it goes: POST /api/v1/beacon with one
// JSON object in the names of CMCD (CTA-5004). A beacon asks nothing of the way
// that the media takes, so viewers behind an HTTP cache count like any other.
//
// How many watch a session:
//
//   - by WebRTC: the peers that are connected. That is exact.
//   - by LL-HLS: the pages that beacon, or the players that ask us for playlists
//     themselves, whichever are more. Players without our page (VLC, Safari's
//     own) send no beacon, and pages behind a cache ask the cache. A session
//     that has both at once counts as many as the larger group, never more
//     than there are.
//
// It guarantees:
//
//   - The count, in the API and in the metrics, is one number from one place.
//   - A page that goes is not counted any more when it says so, and 25 s after
//     its last beacon when it does not.
//   - Memory is bounded: at most 50 000 pages a session and 100 000 addresses,
//     whatever is sent. Sessions are the declared ones; a beacon opens none.
//   - Nobody counts for more than they are. A beacon can claim one viewer, one
//     startup, and no more seconds than have passed since its first one. One
//     address (one /64 in IPv6) holds at most 1 000 pages, which is a large
//     venue behind one NAT, and sends at most 150 beacons a second; all
//     together are read at 10 000 a second. What is refused is counted by
//     regie_player_beacons_total, and logged once a minute.
//   - Behind a proxy at a private or loopback address, the address is the last
//     in X-Forwarded-For, which that proxy wrote. Nobody else is believed.
//   - No id, no address and no word of the client's choice becomes a label or
//     reaches the log.
//
// There is no goroutine: what is over is forgotten when somebody beacons or
// asks.
package viewers
