import { test } from 'node:test';
import assert from 'node:assert/strict';
import { backoff } from './backoff';

test('doubles from half a second to eight', () => {
  const middle = () => 0.5;
  const waits = [0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, middle));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test('spreads a crowd by a quarter each way', () => {
  assert.equal(backoff(0, () => 0), 375);
  assert.equal(backoff(0, () => 1), 625);
  assert.equal(backoff(9, () => 1), 10_000);
});
