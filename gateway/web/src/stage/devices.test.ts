import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remember, remembered, troubleOf } from './devices';
import { loudness } from './level';

test('each trouble has its word', () => {
  for (const [name, want] of [
    ['NotAllowedError', 'denied'], ['SecurityError', 'denied'],
    ['NotFoundError', 'none'], ['OverconstrainedError', 'none'],
    ['NotReadableError', 'busy'], ['AbortError', 'busy'],
    ['TypeError', 'failed'],
  ] as const) assert.equal(troubleOf({ name }, true), want);
  assert.equal(troubleOf(new TypeError('mediaDevices is undefined'), false), 'insecure');
  assert.equal(troubleOf(undefined, true), 'failed');
});

test('choices are remembered, and a damaged memory is none', () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
  remember(storage, { camera: 'c1', muted: true });
  assert.deepEqual(remembered(storage), { camera: 'c1', muted: true });
  for (const text of ['', '{', 'null', '3']) assert.deepEqual(remembered({ getItem: () => text }), {});
  assert.deepEqual(remembered(undefined), {});
  remember({ setItem: () => { throw new Error('full'); } }, {});
});

test('the meter goes from the noise of a room to a loud voice', () => {
  assert.equal(loudness(0), 0);
  assert.equal(loudness(1), 1);
  assert.ok(loudness(0.05) > 0.5 && loudness(0.05) < 0.8);
});
