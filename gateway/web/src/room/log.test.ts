import { test } from 'node:test';
import assert from 'node:assert/strict';
import { become, caughtUp, heard, KEPT, mark, put, type Rows, view, WINDOW } from './log';
import type { Message } from './types';

const at = (s: number) => new Date(Date.UTC(2026, 10, 27, 14, 0, s)).toISOString();
const say = (id: string, s: number): Message => ({ id, by: 'v', name: 'lou', badge: '', text: id, at: at(s) });
const rowsOf = (...ids: [string, number][]): Rows => ids.reduce<Rows>((rows, [id, s]) => heard(rows, { type: 'message', message: say(id, s) }), []);
const words = (rows: Rows) => rows.map((r) => (r.kind === 'mark' ? `*${r.id}` : r.state === 'sent' ? r.id : `${r.id}:${r.state}`)).join(' ');

test('keeps what was said in its order, each once', () => {
  assert.equal(words(rowsOf(['a', 1], ['c', 3], ['b', 2], ['a', 1])), 'a b c');
});

test('an optimistic row becomes the message', () => {
  const mine = put(rowsOf(['a', 1]), { kind: 'message', id: 'm', at: Date.parse(at(9)), message: say('m', 9), state: 'sending' });
  assert.equal(words(mine), 'a m:sending');
  assert.equal(words(become(mine, 'm', 'unsent', 'no network')), 'a m:unsent');
  assert.equal(words(heard(heard(mine, { type: 'message', message: say('m', 2) }), { type: 'message', message: say('b', 3) })), 'a m b');
});

test('hides, restores and clears', () => {
  const hidden = heard(rowsOf(['a', 1], ['b', 2]), { type: 'hidden', id: 'a' });
  assert.equal(words(hidden), 'a:removed b');
  assert.equal(words(heard(hidden, { type: 'message', message: say('a', 1) })), 'a:removed b', 'a late copy changes nothing');
  assert.equal(words(heard(hidden, { type: 'restored', message: say('a', 1) })), 'a b');
  const waits = put(hidden, { kind: 'message', id: 'm', at: 0, message: say('m', 0), state: 'unsent' });
  assert.equal(words(heard(waits, { type: 'cleared', before: at(2) })), 'm:unsent b');
});

test('catches up after an absence', () => {
  const had = rowsOf(['a', 1], ['b', 2], ['c', 3], ['d', 9]);
  const asked = [say('b', 2), say('x', 3), say('y', 4)];
  assert.equal(words(caughtUp(had, asked, new Set())), 'a b c:removed x y d');
  assert.equal(words(caughtUp(rowsOf(), asked, new Set(['x']))), 'b y', 'removed while the answer was on its way');
  assert.equal(words(caughtUp(had, [], new Set())), 'a b c d');
});

test('a mark stands at the end, once', () => {
  const rows = mark(mark(rowsOf(['a', 1], ['b', 2]), 'q', 'why', 'marc', 'why?'), 'q', 'why', 'marc', 'why?');
  assert.equal(words(heard(rows, { type: 'message', message: say('c', 3) })), 'a b *q c');
  assert.equal(words(caughtUp(rows, [say('a', 1), say('b', 2)], new Set())), 'a b *q', 'and stays there');
});

test('a question on air stands once, however it is told first', () => {
  const told: Message = { ...say('q', 3), question: 'why' };
  const early = heard(rowsOf(['a', 1]), { type: 'message', message: told });
  assert.equal(words(early), 'a q');
  const shown = mark(early, 'cue', 'why', 'lou', 'why?');
  assert.equal(words(shown), 'a *cue');
  assert.equal(words(heard(shown, { type: 'message', message: told })), 'a *cue');
  assert.equal(words(caughtUp(shown, [say('a', 1), told], new Set())), 'a *cue');
  assert.equal(words(heard(shown, { type: 'message', message: { ...say('r', 4), question: 'how' } })), 'a *cue r', 'another question');
});

test('shows a window of what it keeps', () => {
  const rows = Array.from({ length: KEPT + 50 }, (_, i) => i).reduce<Rows>((all, i) => put(all, { kind: 'mark', id: `${i}`, question: '', at: i, name: '', text: '' }), []);
  assert.equal(rows.length, KEPT);
  const newest = view(rows);
  assert.deepEqual([newest.rows.length, newest.before, newest.after], [WINDOW, KEPT - WINDOW, 0]);
  const back = view(rows, rows[299]!.id);
  assert.deepEqual([back.rows.at(-1)!.id, back.before, back.after], [rows[299]!.id, 100, 300]);
  assert.equal(view(rows, 'gone').before, 0, 'what was read is gone: the oldest that is left');
});
