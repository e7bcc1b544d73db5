import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Draft, newId, Outbox } from './outbox';

function shelf(kept: Record<string, string> = {}) {
  const map = new Map(Object.entries(kept));
  return { getItem: (k: string) => map.get(k) ?? null, setItem: (k: string, v: string) => void map.set(k, v), removeItem: (k: string) => void map.delete(k), map };
}

test('what was not sent outlives the page, in order', () => {
  const s = shelf();
  const box = new Outbox(s, 'k');
  box.add({ id: 'a', text: 'one' });
  box.add({ id: 'b', text: 'two', reply_to: 'x' });
  box.add({ id: 'a', text: 'one' });
  assert.deepEqual(new Outbox(s, 'k').all(), [{ id: 'b', text: 'two', reply_to: 'x' }, { id: 'a', text: 'one' }]);
  box.remove('a');
  box.remove('b');
  assert.equal(s.map.size, 0);
});

test('what others left there does no harm', () => {
  for (const text of ['{', 'null', '{"a":1}', '[null,{"id":1,"text":"x"},{"id":"i"}]']) {
    assert.deepEqual(new Outbox(shelf({ k: text }), 'k').all(), [], text);
  }
});

test('a shelf that refuses is no error', () => {
  const refuses = { getItem: () => { throw new Error('no'); }, setItem: () => { throw new Error('full'); }, removeItem: () => { throw new Error('no'); } };
  new Outbox(refuses, 'k').add({ id: 'a', text: 'b' });
  new Draft(refuses, 'k').set('');
  assert.equal(new Draft(refuses, 'k').get(), '');
});

test('ids are of the kind that the server takes', () => {
  assert.match(newId(), /^[A-Za-z0-9_-]{16,40}$/);
  assert.notEqual(newId(), newId());
});
