import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM, read } from './slots';

const slots = (entries: unknown) => {
  const told = read(JSON.stringify({ type: 'slots', slots: entries }));
  return told?.type === 'slots' ? Object.fromEntries(told.slots) : told;
};

test('they say whose picture stands still', () => {
  const still = (text: string) => [...(read(text) as { still: Set<string> }).still];
  assert.deepEqual(still('{"type":"slots","slots":[],"paused":true}'), [PROGRAM]);
  assert.deepEqual(still('{"type":"slots","slots":[{"slot":0,"participant":"host","paused":true},{"slot":1,"participant":"guest1"}]}'), ['host']);
});

test('slots say who is where', () => {
  assert.deepEqual(slots([{ slot: 0, participant: 'guest1' }, { slot: 5, participant: 'host' }]), { guest1: 0, host: 5 });
  assert.deepEqual(slots([]), {});
});

test('what cannot be is left out', () => {
  assert.deepEqual(
    slots([{ slot: 6, participant: 'a' }, { slot: -1, participant: 'b' }, { slot: 1.5, participant: 'c' }, { slot: 1 }, { slot: 2, participant: '' }, { participant: 'd' }, { slot: 3, participant: 'e' }]),
    { e: 3 },
  );
});

test('a removal has its reason', () => {
  assert.deepEqual(read('{"type":"removed","reason":"You were removed."}'), { type: 'removed', reason: 'You were removed.' });
  assert.deepEqual(read('{"type":"removed"}'), { type: 'removed', reason: '' });
});

test('a newer page ends this one', () => {
  assert.deepEqual(read('{"type":"replaced"}'), { type: 'replaced' });
});

test('what a newer server says is passed over', () => {
  for (const text of ['', 'nonsense', '{}', '{"type":"weather"}', '{"type":"slots","slots":3}', '[]']) assert.equal(read(text), undefined);
});
