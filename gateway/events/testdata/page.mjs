// A page, as the package's doc says to write one: prints what it learns, a line each.
// node --experimental-websocket page.mjs CENTRIFUGE URL WHO SESSION PARTICIPANT
const [client, url, who, session, me] = process.argv.slice(2);
const { Centrifuge } = await import(client);
const say = (what, value) => console.log(what, JSON.stringify(value));

class Socket extends WebSocket {
  constructor(at) { super(at, { headers: { cookie: `regie=${who}` } }); }
}
const c = new Centrifuge(url, { websocket: Socket, minReconnectDelay: 50, maxReconnectDelay: 200 });
const desk = c.newMapSubscription(`desk:${session}`);
desk.on('sync', ({ entries }) => say('sync', entries.map((e) => e.key).sort()));
desk.on('update', (e) => say(e.removed ? 'gone' : 'update', [e.key, e.data]));
desk.on('unsubscribed', ({ code }) => say('refused', code));
const talk = c.newSubscription(`talk:${session}/${me}`), said = new Map();
const hear = (p) => { if (!said.has(p.offset)) { said.set(p.offset, p.data); say('said', p.data.text); } };
talk.on('publication', hear);
talk.on('subscribed', async (s) => { if (!s.recovered) (await talk.history({ limit: 50 })).publications.forEach(hear); say('talk', said.size); });
c.on('disconnected', ({ code }) => { say('disconnected', code); process.exit(0); });
c.on('connecting', ({ code }) => { if (code) say('connecting', code); });
desk.subscribe(); talk.subscribe(); c.connect();
