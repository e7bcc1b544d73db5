// Package events tells open pages what changes: on a stage, in its audience, in the
// schedule. It also carries the private text between the desk and one person. All
// goes over one websocket a page (centrifuge).
//
// It guarantees:
//   - Only who may see a channel is let in. Anybody hears room:SESSION, live:SESSION
//     and event; a viewer alone me:VIEWER; moderators and the desk mod:SESSION; the
//     people of a session, too, desk:SESSION; one person and the desk
//     talk:SESSION/PARTICIPANT.
//   - Pages only listen: nothing that a socket says changes anything.
//   - Who a socket belongs to is asked again every minute, so that rights that are
//     gone are gone here too; Kick does it at once.
//   - Changes of a session arrive in the order in which Desk was called, and a page
//     that was away gets what it missed, or the whole state anew.
//   - Nothing here waits for a page. A page that does not read is
//     disconnected when maxQueue bytes wait for it, and may come again.
//   - All is kept in memory: after a restart the state is what is told then. With
//     Redis, rooms and what is for one viewer are heard through every gateway that
//     shares it, and what was said outlives a restart; stages never leave here.
//
// # For pages
//
// The address is /api/v1/events; the cookie says who it is. desk:SESSION is a map:
// its keys and values are those of show.Change. talk:SESSION/PARTICIPANT is a stream
// with the last 50 messages as history.
//
//	import { Centrifuge } from "centrifuge"; // 5.8.0
//	const c = new Centrifuge(location.origin.replace(/^http/, "ws") + "/api/v1/events");
//	const desk = c.newMapSubscription("desk:" + session);
//	desk.on("sync", ({ entries }) => { state.clear(); for (const e of entries) state.set(e.key, e.data); render(); });
//	desk.on("update", (e) => { if (e.removed) state.delete(e.key); else state.set(e.key, e.data); render(); });
//	const talk = c.newSubscription(`talk:${session}/${me}`), said = new Map<number, Message>();
//	talk.on("publication", (p) => said.set(p.offset!, p.data));
//	talk.on("subscribed", async (s) => { if (!s.recovered) for (const p of (await talk.history({ limit: 50 })).publications) said.set(p.offset!, p.data); });
//	c.on("disconnected", ({ code }) => { if (code === 4500) signedOutOrRemoved(); }); // any other end: it reconnects by itself
//	desk.subscribe(); talk.subscribe(); c.connect();
//
// Keys of desk:SESSION: "session" (a show.Desk without the rest), "program",
// "preview" (show.Picture), "overlays" (show.Overlays), "person/ID" (show.Person),
// "ingest/ID" (the health of what ID sends). A subscription that is refused ends
// with "unsubscribed" and code 103: the page may not, or there is no such session.
// Who is nobody and asks for what only some may hear is disconnected with 4500. The
// socket is whose it was when it connected: reconnect after signing in or joining.
//
// room:SESSION is a stream of objects with a type, of which the last 200 can be
// recovered: message, hidden, restored, deleted, cleared; and reactions, which are
// not kept. live:SESSION is a map: "state" (show.RoomState), "question/ID",
// "poll/ID", "pin/ID", "viewers".
package events
