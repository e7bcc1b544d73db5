import { test } from 'node:test';
import assert from 'node:assert/strict';
import { bindings, commandOf } from './keys';

const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

test('each key does one thing, in either case, and leaves the browser its own', () => {
  const used = Object.values(bindings).map((b) => b.key);
  assert.equal(new Set(used).size, used.length);
  for (const [command, { key, shown }] of Object.entries(bindings)) {
    assert.equal(commandOf(press(key)), command);
    assert.equal(commandOf(press(shown)), command);
    assert.equal(commandOf(press(key, { ctrlKey: true })), undefined);
    assert.equal(commandOf(press(key, { metaKey: true })), undefined);
  }
  assert.equal(commandOf(press('x')), undefined);
  assert.equal(commandOf(press('Enter')), undefined);
});
