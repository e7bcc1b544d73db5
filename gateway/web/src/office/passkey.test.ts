import { test } from 'node:test';
import assert from 'node:assert/strict';
import { decode, deviceName, encode } from './passkey';

test('bytes go as base64url without padding', () => {
  for (let n = 0; n < 9; n++) {
    const bytes = Uint8Array.from({ length: n }, (_, i) => 255 - i * 31);
    const text = encode(bytes.buffer);
    assert.equal(text, Buffer.from(bytes).toString('base64url'));
    assert.deepEqual(decode(text), bytes);
  }
});

test('a passkey is called by the device', () => {
  for (const [agent, name] of [
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)', 'iPhone'],
    ['Mozilla/5.0 (Linux; Android 15; K)', 'Android'],
    ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)', 'Chromebook'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'Mac'],
  ] as const) {
    assert.equal(deviceName(agent), name);
  }
});
