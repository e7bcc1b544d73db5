import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Beacon } from './beacon';
import type { Figures } from './engine';

function beacon() {
  const sent: Record<string, unknown>[] = [];
  const figures: Figures = { bytes: 0 };
  let n = 0;
  const plays = { rendition: '720p' };
  const b = new Beacon({
    session: 'studio',
    send: (body) => sent.push(JSON.parse(body)),
    newId: () => `sid-${++n}-0000`,
    figures: () => figures,
    rendition: () => plays.rendition,
  });
  return { b, sent, figures, plays };
}

const playing = { moved: true, wanted: true, hidden: false };
const stuck = { moved: false, wanted: true, hidden: false };
const paused = { moved: false, wanted: false, hidden: false };

test('the first picture tells how long it took, once', () => {
  const { b, sent } = beacon();
  b.begin('hls', 1000);
  b.look(stuck, 1250);
  b.picture(1800);
  b.picture(1900);
  assert.deepEqual(sent, [{
    sid: 'sid-1-0000', cid: 'studio', sf: 'h', e: 'ps', sta: 'p', msd: 800,
    'com.regie-delivery': 'llhls', 'com.regie-rendition': '720p', 'com.regie-bytes': 0, 'com.regie-watched': 0,
  }]);
});

test('waiting for a click is not startup', () => {
  const { b, sent } = beacon();
  b.begin('hls', 0);
  b.allowed(60_000);
  b.picture(60_400);
  assert.equal(sent[0]?.['msd'], 400);
});

test('every ten seconds: what was watched, stalled and received since the last', () => {
  const { b, sent, figures } = beacon();
  b.begin('hls', 0);
  b.picture(0);
  for (let now = 250; now <= 20_000; now += 250) {
    figures.bytes = now * 300;
    Object.assign(figures, { latencyMs: 1300.4, bufferedMs: 900, kbps: 2500, throughputKbps: 8000 });
    b.look(now > 4000 && now <= 5000 ? stuck : now > 15_000 ? paused : playing, now);
  }
  assert.equal(sent.length, 3);
  const [, first, second] = sent;
  assert.deepEqual(first, {
    sid: 'sid-1-0000', cid: 'studio', sf: 'h', e: 't', sta: 'p', ltc: 1300, bl: 900, br: 2500, mtp: 8000, bs: true, bsd: 1000,
    'com.regie-delivery': 'llhls', 'com.regie-rendition': '720p', 'com.regie-bytes': 3_000_000, 'com.regie-watched': 9000,
  });
  assert.equal(second?.['com.regie-watched'], 5000);
  assert.equal(second?.['bsd'], undefined); // a pause is no stall
  assert.equal(second?.['sta'], 'a');
});

test('before the first picture nothing is watched and nothing stalls, but a viewer is there', () => {
  const { b, sent } = beacon();
  b.begin('realtime', 0);
  for (let now = 250; now <= 10_000; now += 250) b.look(stuck, now);
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.['sta'], 's');
  assert.equal(sent[0]?.['bsd'], undefined);
});

test('a hidden page misses no picture', () => {
  const { b, sent } = beacon();
  b.begin('hls', 0);
  b.picture(0);
  b.look({ moved: false, wanted: true, hidden: true }, 10_000);
  assert.equal(sent[1]?.['bsd'], undefined);
  assert.equal(sent[1]?.['com.regie-watched'], 0);
});

test("the browser's own count of a freeze is taken when it is larger", () => {
  const { b, sent, figures } = beacon();
  b.begin('realtime', 0);
  b.picture(0);
  figures.frozenMs = 180; // shorter than two looks are apart
  b.look(playing, 10_000);
  assert.equal(sent[1]?.['bsd'], 180);
});

test('what was watched is told of the rendition that played', () => {
  const { b, sent, plays } = beacon();
  b.begin('hls', 0);
  b.picture(0);
  b.look(playing, 3000);
  plays.rendition = '360p';
  b.look(playing, 3250);
  b.look(playing, 13_250);
  assert.deepEqual(sent.slice(1).map((s) => [s['com.regie-rendition'], s['com.regie-watched']]), [['720p', 3250], ['360p', 10_000]]);
});

test('an engine that was opened again counts from nothing', () => {
  const { b, sent, figures } = beacon();
  b.begin('hls', 0);
  b.picture(0);
  figures.bytes = 1000;
  b.look(playing, 5000);
  figures.bytes = 300;
  b.look(playing, 10_000);
  assert.equal(sent[1]?.['com.regie-bytes'], 1300);
});

test('another way is another playback; the page that goes says so', () => {
  const { b, sent } = beacon();
  b.begin('realtime', 0);
  b.failed('full', 100);
  b.begin('hls', 100);
  b.picture(900);
  b.look(playing, 1900);
  b.end();
  b.end();
  b.look(playing, 90_000);
  assert.deepEqual(sent.map((s) => [s['sid'], s['e'], s['com.regie-delivery']]), [
    ['sid-1-0000', 'e', 'whep'], ['sid-1-0000', 'end', 'whep'], ['sid-2-0000', 'ps', 'llhls'], ['sid-2-0000', 'end', 'llhls'],
  ]);
  assert.deepEqual(sent[0]?.['ec'], ['refused']);
  assert.equal(sent[3]?.['com.regie-watched'], 1000);
});
