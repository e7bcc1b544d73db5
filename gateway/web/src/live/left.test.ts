import { test } from 'node:test';
import assert from 'node:assert/strict';
import { left, share } from './left';

test('a countdown shows no more than it must', () => {
  const cases: [seconds: number, days: number, clock: string, due: boolean][] = [
    [0, 0, '0:00', true],
    [-5, 0, '0:00', true],
    [0.2, 0, '0:01', false],
    [65, 0, '1:05', false],
    [3600, 0, '1:00:00', false],
    [86_399, 0, '23:59:59', false],
    [86_400, 1, '0:00', false],
    [2 * 86_400 + 3 * 3600 + 4 * 60 + 5, 2, '3:04', false],
  ];
  for (const [s, days, clock, due] of cases) assert.deepEqual(left(s * 1000, 0), { days, clock, due }, `${s} s`);
});

test('a slot fills with time, and no further', () => {
  assert.equal(share(100, 200, 50), 0);
  assert.equal(share(100, 200, 150), 0.5);
  assert.equal(share(100, 200, 900), 1);
  assert.equal(share(100, 100, 100), 1);
});
