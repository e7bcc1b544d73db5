import { test } from 'node:test';
import assert from 'node:assert/strict';
import { askForStereo, codeOf, Meter, resourceUrl } from './whep';

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

test('a busy server is told from an unwilling and a broken one', () => {
  assert.deepEqual([503, 400, 404, 409, 500, 502, 200].map((status) => codeOf(status, null)), ['full', 'refused', 'refused', 'refused', 'network', 'network', 'network']);
  assert.equal(codeOf(404, '3'), 'over');
});

test('figures are sums of both tracks, and the latency is that of the last frames', () => {
  const meter = new Meter();
  const report = (delay: number, frames: number, decode: number) => [
    { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.02 },
    { type: 'inbound-rtp', kind: 'audio', bytesReceived: 1000 },
    { type: 'inbound-rtp', kind: 'video', bytesReceived: 50_000, jitterBufferDelay: delay, jitterBufferEmittedCount: frames, totalDecodeTime: decode, framesDecoded: frames, totalFreezesDuration: 0.5 },
    { type: 'outbound-rtp', kind: 'video' },
  ];
  meter.read(report(3, 30, 0.3)); // 100 ms a frame, 10 of decoding, 10 of the way
  assert.equal(meter.figures.bytes, 51_000);
  assert.equal(meter.figures.frozenMs, 500);
  assert.equal(Math.round(meter.figures.latencyMs ?? 0), 120);
  meter.read(report(3.6, 60, 0.36)); // 20 and 2
  assert.equal(Math.round(meter.figures.latencyMs ?? 0), 32);
  meter.read(report(3.6, 60, 0.36)); // nothing came: nothing is known
  assert.equal(meter.figures.latencyMs, undefined);
});
