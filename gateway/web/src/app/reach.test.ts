import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hurdle } from './reach';

test('a link that nobody else can use is known', () => {
  for (const [address, want] of [
    ['http://localhost:8080', 'seats.hereOnly'], ['https://localhost', 'seats.hereOnly'], ['http://127.0.0.1:8080', 'seats.hereOnly'],
    ['http://[::1]:8080', 'seats.hereOnly'], ['http://regie.localhost', 'seats.hereOnly'],
    ['http://studio.example:8080', 'seats.notSecure'], ['http://192.0.2.1', 'seats.notSecure'], ['https://studio.example', undefined],
    ['https://localhost.example', undefined],
  ] as const) assert.equal(hurdle(new URL(address)), want, address);
});
