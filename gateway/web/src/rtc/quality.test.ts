import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Report, Sending } from './quality';

let clock = 0;
let frames = 0;

const reports = (fps: number, reason = 'none', fractionLost = 0, roundTripTime = 0.02): Report[] => [
  { type: 'outbound-rtp', kind: 'video', framesEncoded: (frames += fps * 2), timestamp: (clock += 2000), qualityLimitationReason: reason },
  { type: 'outbound-rtp', kind: 'audio' },
  { type: 'remote-inbound-rtp', kind: 'video', fractionLost, roundTripTime },
];

test('how well we send is one of three words', () => {
  const s = new Sending();
  assert.equal(s.read(reports(30)), 'good');
  assert.equal(s.read(reports(30, 'cpu')), 'good', 'a busy machine is no weak way');
  assert.equal(s.read(reports(30, 'bandwidth')), 'weak');
  assert.equal(s.read(reports(30, 'none', 0.05)), 'weak');
  assert.equal(s.read(reports(30, 'none', 0, 0.6)), 'weak');
  assert.equal(s.read(reports(30, 'none', 0.2)), 'bad');
  assert.equal(s.read([]), 'good');
});

test('a picture that stands still for want of a way is starved after three reports', () => {
  const s = new Sending();
  s.read(reports(8, 'bandwidth')); // the first has no rate yet
  for (const want of [false, false, true]) {
    s.read(reports(8, 'bandwidth'));
    assert.equal(s.starved, want);
  }
  for (let i = 0; i < 9; i++) s.read(reports(30));
  assert.equal(s.starved, true, 'for a while nobody tries a larger picture again');
  s.read(reports(30));
  assert.equal(s.starved, false);
});
