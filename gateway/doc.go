// Package gateway joins Regie's parts into one appliance. This page is the
// architecture; each package below says in its own doc what it guarantees.
//
//	studios                     gateway (this process)                     viewers
//	───────   ┌───────────────────────────────────────────────────────┐   ───────
//	 RTMP ──► │ ingest/rtmp ┐                                         │
//	 RTSP ──► │ ingest/rtsp ├─► ingest.Door ─► stage ───┐             │
//	 WHIP ──► │ ingest/whip ┘   key → seat     (a loop) │   ┌─► hls  ─┼─► browsers, CDN
//	          │                          access units   ▼   │         │
//	          │                             transcode.Session         │
//	          │                                ▲      │ └─► whep ─────┼─► browsers
//	          └────────────────────────────────┼──────┼───────────────┘
//	                                      two pipes   ▼
//	                           regie worker: decode → compose, mix → encode
//
// A feed's way through the appliance:
//
//  1. A connection asks the [ingest.Door] for a Publisher with the stream key it
//     was given. The key alone says which session and which participant
//     (seats.go, package people); the Door refuses, logs and counts.
//  2. The stage of that session gives the seat away and decides what shows:
//     who is on, which layout, which slate, when the program goes on and off air.
//     All decisions of a session are made on one loop; media goes past it.
//  3. Access units go to the session's worker, a child process, because nothing
//     that touches a codec runs here: a crash in a decoder costs a tenth of a
//     second of one program and nothing else.
//  4. The worker composes and mixes on its own clock and returns one program,
//     which never stops or changes its parameters until the session ends.
//     Past it, the return feed (package returns) carries the people on stage to each
//     other: what a browser sends as it came, the rest as the worker codes it anew.
//  5. The program goes to the ways out (outputs.go), each of which serves any
//     number of viewers from one copy.
//
// People come by an account, an invite or a key: package people decides who may do
// what, and package store keeps it (people.go). Pages ask api, and hear over events
// what changes on a stage (rooms.go). What viewers say goes to a room of package
// audience, whose moderators decide before anybody sees it (audience.go).
// Other systems hear of what happens over package webhooks, whose outbox is in the store
// (webhooks.go).
//
// # Where things go
//
// A new protocol for creators goes beside rtmp, rtsp and whip in ingest/: it
// listens, asks the Door, says its tracks, writes access units, closes with the
// reason; wire.go starts it and config gets its address. Nothing else changes.
//
// A new way out goes beside hls and whep: it takes transcode.Packets and
// outputs.go opens it. A new codec goes into transcode/media and
// transcode/libav. A new page goes into web, a new address for programs into
// api. What sessions and people are, is in show, which knows nobody.
//
// Imports point down: cmd → gateway → {api, stage, ingest, hls, whep, viewers, web} →
// {show, transcode}; siblings never meet; arch_test.go holds the rules and their
// reasons. Only this package reads the configuration.
package gateway
