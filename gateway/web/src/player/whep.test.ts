import { test } from 'node:test';
import assert from 'node:assert/strict';
import { askForStereo, isRefusal, resourceUrl } from './whep';

test('Location is resolved against the address that answered', () => {
  const asked = 'https://live.example/live/studio/whep';
  assert.equal(resourceUrl('/live/studio/whep/abc', asked), 'https://live.example/live/studio/whep/abc');
  assert.equal(resourceUrl('whep/abc', asked), 'https://live.example/live/studio/whep/abc');
  assert.equal(resourceUrl(null, asked), undefined);
});

test('stereo is asked of Opus only, and once', () => {
  const sdp = [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 minptime=10;useinbandfec=1',
    'a=rtpmap:63 red/48000/2',
    'a=fmtp:63 111/111',
    '',
  ].join('\r\n');
  const asked = askForStereo(sdp);
  assert.ok(asked.includes('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n'), asked);
  assert.ok(asked.includes('a=fmtp:63 111/111\r\n'));
  assert.equal(askForStereo(asked), asked);
  assert.equal(askForStereo('v=0\r\n'), 'v=0\r\n');
});

test('a busy or unwilling server is a refusal, a broken one is not', () => {
  assert.deepEqual([400, 404, 409, 503].map(isRefusal), [true, true, true, true]);
  assert.deepEqual([500, 502, 200].map(isRefusal), [false, false, false]);
});
