import { test } from 'node:test';
import assert from 'node:assert/strict';
import { boardOf, claimOf, fromHeld, fromReport, inOrder, leverOf, matching, MOST_LINES, secondsLeft, stepFrom, successor } from './board';
import type { Lever, Message } from './types';

const message = (id: string, at: string, more: Partial<Message> = {}): Message => ({ id, by: `of-${id}`, author: `of-${id}`, name: 'Kim', badge: '', text: `says ${id}`, at, hidden: false, flags: [], ...more });
const NOW = Date.parse('2026-11-27T10:00:00Z');

test('keys of the channel make the state, oldest first', () => {
  const board = boardOf(new Map<string, unknown>([
    ['message/b', message('b', '2026-11-27T09:00:02Z')],
    ['message/a', message('a', '2026-11-27T09:00:01.5Z')],
    ['held/h', { id: 'h', kind: 'message', message: message('h', '2026-11-27T09:00:00Z'), why: ['word'], at: '2026-11-27T09:00:00Z' }],
    ['report/r', { id: 'r', message: message('a', '2026-11-27T09:00:01Z'), count: 2, reasons: ['spam'], at: '2026-11-27T09:00:03Z' }],
    ['lever/slow', { name: 'slow', on: true, value: 30 }],
    ['claim/h', { by: 'u1', name: 'Iris', until: '2026-11-27T10:00:30Z' }],
    ['unknown/x', {}],
  ]));
  assert.deepEqual(board.messages.map((m) => m.id), ['a', 'b']);
  assert.deepEqual([board.held.length, board.reports.length, board.levers.length], [1, 1, 1]);
  assert.equal(claimOf(board.claims, 'h', NOW)?.name, 'Iris');
  assert.equal(claimOf(board.claims, 'h', NOW + 31_000), undefined);
});

test('an answer without lists is empty, and the list of lines is bounded', () => {
  assert.deepEqual(inOrder({}), { messages: [], held: [], reports: [], levers: [], claims: {} });
  const many = Array.from({ length: MOST_LINES + 5 }, (_, i) => message(`m${i}`, new Date(NOW + i).toISOString()));
  const kept = inOrder({ messages: many }).messages;
  assert.equal(kept.length, MOST_LINES);
  assert.equal(kept.at(-1)?.id, `m${MOST_LINES + 4}`);
});

test('what waits names whom and what it is about', () => {
  const question = fromHeld({ id: 'q', kind: 'question', question: { id: 'q', by: 'v2', name: 'Lou', badge: '', text: 'Which clay?', at: '' }, why: [], at: '' });
  assert.deepEqual([question.message, question.author, question.text], ['q', 'v2', 'Which clay?']);
  const report = fromReport({ id: 'r', message: message('m', ''), count: 1, reasons: [], at: '' });
  assert.deepEqual([report.id, report.message, report.author, report.column], ['r', 'm', 'of-m', 'held']);
});

test('a search minds neither case nor accents', () => {
  const list = [message('a', '', { name: 'Théo', text: 'Bonjour' }), message('b', '', { name: 'Kim', text: 'Déjà vu' })];
  assert.deepEqual(matching(list, ' theo ').map((m) => m.id), ['a']);
  assert.deepEqual(matching(list, 'DEJA').map((m) => m.id), ['b']);
  assert.equal(matching(list, '  ').length, 2);
});

test('steps stay in the list, and what leaves gives its place to the next', () => {
  const ids = ['a', 'b', 'c'];
  const steps: [string | undefined, 1 | -1, string | undefined][] = [
    [undefined, 1, 'a'], [undefined, -1, 'c'], ['a', 1, 'b'], ['c', 1, 'c'], ['a', -1, 'a'], ['gone', -1, 'c'],
  ];
  for (const [from, by, want] of steps) assert.equal(stepFrom(ids, from, by), want, `${from} ${by}`);
  assert.equal(stepFrom([], undefined, 1), undefined);
  assert.equal(successor(ids, ['a', 'c'], 'b'), 'c');
  assert.equal(successor(ids, ['a', 'b'], 'c'), 'b');
  assert.equal(successor(['a'], [], 'a'), undefined);
});

test('a lever acts until its time is over', () => {
  const until = new Date(NOW + 9_500).toISOString();
  assert.equal(secondsLeft(until, NOW), 10);
  assert.equal(secondsLeft(undefined, NOW), 0);
  const by = { by: 'u1', name_of_by: 'Iris' };
  const levers: Lever[] = [{ name: 'slow', on: true, until, ...by }, { name: 'links', on: true, ...by }, { name: 'pause', on: false, ...by }];
  assert.equal(leverOf(levers, 'slow', NOW)?.name, 'slow');
  assert.equal(leverOf(levers, 'slow', NOW + 10_000), undefined);
  assert.equal(leverOf(levers, 'links', NOW)?.name, 'links');
  assert.equal(leverOf(levers, 'pause', NOW), undefined);
});
