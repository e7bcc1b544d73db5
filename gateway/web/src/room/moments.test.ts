import { test } from 'node:test';
import assert from 'node:assert/strict';
import { inTurn, linkTo, momentOf, Reach, tickOf, timeOf } from './moments';
import type { Pin, Question } from './types';

const T = Date.UTC(2026, 10, 27, 14, 0, 0);
const pin = (id: string, s: number): Pin => ({ id, product: id, title: id, price: '1', currency: 'EUR', link: `/p/${id}`, start: new Date(T + s * 1000).toISOString(), seconds: 60 });
const ids = (pins: Pin[]) => pins.map((p) => p.id).join();

test('a pin is known once the picture was there, and stays known', () => {
  const reach = new Reach();
  const pins = [pin('a', 0), pin('b', 10)];
  const at = (s: number) => ids(reach.of(pins, { date: T + s * 1000, playing: true }, 0));
  assert.equal(at(-1), '');
  assert.equal(at(0), 'a');
  assert.equal(at(10), 'b,a');
  assert.equal(at(-60), 'b,a', 'going back takes nothing away');
});

test('real time goes by cues, and by what is long known', () => {
  const reach = new Reach();
  const pins = [pin('a', 0), pin('b', 10)];
  const at = (now: number) => ids(reach.of(pins, { date: undefined, playing: true }, now));
  assert.equal(at(0), '');
  reach.show('b');
  assert.equal(at(100), 'b');
  assert.equal(at(3_000), 'b,a');
});

test('without a picture all are known', () => {
  assert.equal(ids(new Reach().of([pin('a', 0)], { date: undefined, playing: false }, 0)), 'a');
});

test('finds a moment on the time line', () => {
  const place = { start: 0, live: 100, now: 90, date: T };
  assert.equal(timeOf(place, T - 10_000), 80);
  assert.equal(timeOf({ ...place, date: undefined }, T), undefined);
  assert.equal(tickOf(place, T - 40_000), 0.5);
  assert.equal(tickOf(place, T - 91_000), undefined);
  assert.equal(tickOf(place, T + 11_000), undefined);
  assert.equal(tickOf({ start: 5, live: 5, now: 5, date: T }, T + 1), undefined);
});

test('links name a moment on the wall clock', () => {
  for (const [search, want] of [['', undefined], ['?t=', undefined], ['?t=soon', undefined], ['?t=2026-11-27T14:00:00Z', T], [`?lang=fr&t=${T / 1000}`, T]] as const) {
    assert.equal(momentOf(search), want, search);
  }
  const link = linkTo('https://x.example/s/studio?lang=fr#a', T + 250);
  assert.equal(link, 'https://x.example/s/studio?t=2026-11-27T14:00:00Z');
  assert.equal(momentOf(new URL(link).search), T);
});

test('questions stand in their turn', () => {
  const q = (id: string, state: Question['state'], votes: number, s = 0): Question => ({ id, state, votes, by: '', name: '', text: '', at: new Date(T + s).toISOString() });
  const all = [q('done', 'answered', 99), q('few', 'open', 1), q('late', 'open', 5, 9), q('many', 'open', 5, 1), q('next', 'next', 0), q('air', 'on_air', 0)];
  assert.deepEqual(inTurn(all).map((x) => x.id), ['air', 'next', 'many', 'late', 'few', 'done']);
});
