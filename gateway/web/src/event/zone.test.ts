import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromZone, toZone } from './zone';

test('a field shows the clocks of the event, wherever its reader is', () => {
  assert.equal(toZone('2026-11-27T13:00:00Z', 'Europe/Paris'), '2026-11-27T14:00');
  assert.equal(toZone('2026-07-01T22:30:00Z', 'Asia/Kolkata'), '2026-07-02T04:00');
  assert.equal(toZone('0001-01-01T00:00:00Z', 'Europe/Paris'), '');
  assert.equal(toZone(undefined, 'Europe/Paris'), '');
});

test('what a field says is a moment, but for hours that clocks skip', () => {
  const cases: [field: string, zone: string, want: string | undefined][] = [
    ['2026-11-27T14:00', 'Europe/Paris', '2026-11-27T13:00:00.000Z'],
    ['2026-07-01T14:00', 'Europe/Paris', '2026-07-01T12:00:00.000Z'],
    ['2026-03-29T01:59', 'Europe/Paris', '2026-03-29T00:59:00.000Z'],
    ['2026-03-29T02:30', 'Europe/Paris', undefined],
    ['2026-10-25T02:30', 'Europe/Paris', '2026-10-25T00:30:00.000Z'],
    ['2026-11-27T00:10', 'Pacific/Apia', '2026-11-26T11:10:00.000Z'],
    ['', 'Europe/Paris', undefined],
    ['soon', 'Europe/Paris', undefined],
  ];
  for (const [field, zone, want] of cases) assert.equal(fromZone(field, zone), want, `${field} ${zone}`);
});
