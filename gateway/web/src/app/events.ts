// What the server tells by itself, over one websocket that all channels share.
// It comes back by itself; `connected` says whether it is there, so that a page
// can ask the API meanwhile.
import { signal } from '@preact/signals';
import { Centrifuge } from 'centrifuge';

/** Whether the server tells us by itself at the moment. */
export const connected = signal(false);
/** The server has closed the door: signed out, or removed. It is not tried again. */
export const shutOut = signal(false);

const SHUT_OUT = 4500;

let client: Centrifuge | undefined;

function connection(): Centrifuge {
  if (client) return client;
  const url = new URL('/api/v1/events', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  client = new Centrifuge(url.href, { minReconnectDelay: 500, maxReconnectDelay: 8_000 });
  client.on('state', ({ newState }) => (connected.value = newState === Centrifuge.State.Connected));
  client.on('disconnected', ({ code }) => (shutOut.value = code === SHUT_OUT));
  client.connect();
  return client;
}

/** Leaves and comes back with the cookie of now: after signing in or joining. */
export function reconnect(): void {
  client?.disconnect();
  client?.connect();
}

export interface Keyed {
  /** Everything, at the start and whenever changes were missed. */
  all: (entries: Map<string, unknown>) => void;
  /** One key is different, or gone: undefined. */
  changed: (key: string, value: unknown) => void;
  /** It is subscribed, or no longer: the state may be old. */
  live?: (yes: boolean) => void;
}

/** Follows a channel that keeps a value for each key. Call what it gives to stop. */
export function follow(channel: string, told: Keyed): () => void {
  const c = connection();
  const sub = c.newMapSubscription(channel);
  sub.on('sync', ({ entries }) => told.all(new Map(entries.map((e) => [e.key, e.data as unknown]))));
  sub.on('update', ({ key, data, removed }) => told.changed(key, removed ? undefined : data));
  sub.on('subscribed', () => told.live?.(true));
  sub.on('subscribing', () => told.live?.(false));
  sub.on('unsubscribed', () => told.live?.(false));
  sub.subscribe();
  return () => {
    sub.removeAllListeners();
    c.removeMapSubscription(sub);
  };
}

/** Listens to a channel of messages and its history. Each comes once; place puts them in order. */
export function listen(channel: string, history: number, heard: (message: unknown, place: number) => void): () => void {
  const c = connection();
  const sub = c.newSubscription(channel);
  const seen = new Set<number>(); // what is live and what is history overlap
  const pass = (data: unknown, place = 0) => {
    if (seen.has(place)) return;
    seen.add(place);
    heard(data, place);
  };
  sub.on('publication', ({ data, offset }) => pass(data, offset));
  sub.on('subscribed', () => {
    sub.history({ limit: history, reverse: true }).then(
      ({ publications }) => publications.forEach((p) => pass(p.data, p.offset)),
      () => {}, // a channel without history
    );
  });
  sub.subscribe();
  return () => {
    sub.removeAllListeners();
    c.removeSubscription(sub);
  };
}

/**
 * Hears what is said on a channel. missed: what was said before, or during an
 * absence that was too long, must be asked for elsewhere.
 */
export function hear(channel: string, heard: (message: unknown) => void, missed: () => void): () => void {
  const c = connection();
  const sub = c.newSubscription(channel);
  sub.on('publication', ({ data }) => heard(data));
  sub.on('subscribed', ({ wasRecovering, recovered }) => {
    if (!wasRecovering || !recovered) missed();
  });
  sub.subscribe();
  return () => {
    sub.removeAllListeners();
    c.removeSubscription(sub);
  };
}
