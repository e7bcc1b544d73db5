import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iceServers } from './ice';

test('ICE servers stand in links', () => {
  assert.deepEqual(
    iceServers(
      '<turn:a.example:3478?transport=udp>; rel="ice-server"; username="1:studio/guest, 1"; credential="a\\"b=="; credential-type="password", ' +
        '<stun:b.example>; rel="ice-server", </docs>; rel="help"',
    ),
    [{ urls: 'turn:a.example:3478?transport=udp', username: '1:studio/guest, 1', credential: 'a"b==' }, { urls: 'stun:b.example' }],
  );
  for (const none of [null, '', 'nonsense']) assert.deepEqual(iceServers(none), []);
});
