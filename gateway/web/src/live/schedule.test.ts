import { test } from 'node:test';
import assert from 'node:assert/strict';
import { dayOf, follow, inOrder, nextOf, PLAY_OUT_MS, type Slot } from './schedule';

const slot = (session: string, starts: string, more: Partial<Slot> = {}): Slot => ({
  session, title: session, starts: `2026-11-${starts}:00Z`, ends: new Date(Date.parse(`2026-11-${starts}:00Z`) + 3_600_000).toISOString(),
  cancelled: false, phase: 'planned', ...more,
});
const at = (t: string) => Date.parse(`2026-11-${t}:00Z`);
const day = [slot('a', '27T10:00', { phase: 'ended' }), slot('b', '27T11:00'), slot('c', '27T12:00', { cancelled: true }), slot('d', '27T13:00'), slot('e', '28T10:00')];

test('what is on air is followed from session to session', () => {
  const now = at('27T11:00');
  const live = (...ids: string[]) => ['a', 'b', 'c', 'd', 'e', 'x'].map((id) => ({ id, phase: ids.includes(id) ? ('live' as const) : ('planned' as const) }));
  const cases: [string, Parameters<typeof follow>[0], string[], number, ReturnType<typeof follow>][] = [
    ['nothing is on air', {}, [], now, { session: undefined }],
    ['one begins', {}, ['b'], now, { session: 'b' }],
    ['another begins too: the one that plays stays', { session: 'b' }, ['d', 'b'], now, { session: 'b' }],
    ['it ends: it plays out', { session: 'b' }, [], now, { session: 'b', endedAt: now }],
    ['it still plays out, though the next is on air', { session: 'b', endedAt: now }, ['d'], now + PLAY_OUT_MS - 1, { session: 'b', endedAt: now }],
    ['then comes the next', { session: 'b', endedAt: now }, ['d'], now + PLAY_OUT_MS, { session: 'd' }],
    ['or none', { session: 'b', endedAt: now }, [], now + PLAY_OUT_MS, { session: undefined }],
    ['it comes back on air while it plays out', { session: 'b', endedAt: now }, ['b'], now + 1, { session: 'b' }],
    ['a session beside the schedule, when there is no other', {}, ['x'], now, { session: 'x' }],
    ['the schedule before others', {}, ['x', 'd'], now, { session: 'd' }],
    ['a cancelled one is not chosen before another', {}, ['c', 'd'], now, { session: 'd' }],
  ];
  for (const [name, before, ids, when, want] of cases) assert.deepEqual(follow(before, live(...ids), day, when), want, name);
});

test('next is the first that is to come and is not cancelled', () => {
  assert.equal(nextOf(day, at('27T09:00'))?.session, 'b');
  assert.equal(nextOf(day, at('27T12:30'))?.session, 'd');
  assert.equal(nextOf(day, at('29T09:00')), undefined);
});

test('slots are in the order of their times; those without have none', () => {
  assert.deepEqual(inOrder([day[4]!, day[0]!, { ...day[1]!, starts: '0001-01-01T00:00:00Z' }]).map((s) => s.session), ['a', 'e']);
});

test('the day is the one of what is shown, on the clocks of the event', () => {
  const ids = (zone: string, shown: string | undefined, now: string) => dayOf(day, shown, at(now), zone).map((s) => s.session).join('');
  assert.equal(ids('Europe/Paris', 'a', '27T10:00'), 'abcd');
  assert.equal(ids('Europe/Paris', undefined, '27T20:00'), 'e');
  assert.equal(ids('Europe/Paris', undefined, '30T20:00'), 'e');
  assert.equal(ids('Pacific/Apia', 'b', '27T10:00'), 'bcde', 'there, 11:00 UTC is midnight');
});
