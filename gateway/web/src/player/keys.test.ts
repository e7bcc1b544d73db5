import { test } from 'node:test';
import assert from 'node:assert/strict';
import { bindings, commandOf, type Press } from './keys';

const press = (key: string, held: Partial<Press> = {}): Press => ({
  key, ctrlKey: false, metaKey: false, altKey: false, ...held,
});

test('letters act in either case', () => {
  assert.equal(commandOf(press('k')), 'play');
  assert.equal(commandOf(press('K')), 'play');
  assert.equal(commandOf(press(' ')), 'play');
  assert.equal(commandOf(press('End')), 'live');
  assert.equal(commandOf(press('?')), 'help');
});

test('a key held with Ctrl, Alt or ⌘ is left to the browser', () => {
  for (const held of ['ctrlKey', 'metaKey', 'altKey'] as const) {
    assert.equal(commandOf(press('f', { [held]: true })), undefined);
  }
  assert.equal(commandOf(press('q')), undefined);
});

test('no key asks for two things', () => {
  const keys = Object.values(bindings).flatMap((b) => b.keys);
  assert.equal(new Set(keys).size, keys.length);
});
