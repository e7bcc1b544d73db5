import { test } from 'node:test';
import assert from 'node:assert/strict';
import { initial, next, type Delivery, type Happened, type Next } from './delivery';

const middle = () => 0.5;

// after plays a story and gives its last step.
function after(story: Happened[], from: Delivery = initial): Next {
  let step: Next = { delivery: from };
  for (const happened of story) step = next(step.delivery, happened, middle);
  return step;
}

const realTime: Happened = { what: 'chosen', mode: 'realtime' };
const dropped: Happened = { what: 'lost', code: 'network' };

test('begins with HLS', () => {
  assert.equal(initial.using, 'hls');
  assert.deepEqual(after([{ what: 'chosen', mode: 'hls' }]).connect, { mode: 'hls', afterMs: 0 });
});

test('goes to real time at once when asked', () => {
  const step = after([realTime]);
  assert.deepEqual(step.connect, { mode: 'realtime', afterMs: 0 });
  assert.equal(step.delivery.fellBack, undefined);
});

test('silence in real time falls back to HLS and says so', () => {
  const step = after([realTime, { what: 'silence' }]);
  assert.deepEqual(step.connect, { mode: 'hls', afterMs: 0 });
  assert.deepEqual(step.delivery, { wanted: 'realtime', using: 'hls', failures: 0, fellBack: 'network' });
});

test('silence in HLS is left to the reconnects', () => {
  const step = after([{ what: 'silence' }]);
  assert.equal(step.connect, undefined);
  assert.deepEqual(step.delivery, initial);
});

test('a server that refuses real time is not asked twice', () => {
  for (const code of ['refused', 'full'] as const) {
    const step = after([realTime, { what: 'lost', code }]);
    assert.deepEqual(step.connect, { mode: 'hls', afterMs: 0 });
    assert.equal(step.delivery.fellBack, code);
  }
});

test('a lost real-time connection is tried again in real time', () => {
  assert.deepEqual(after([realTime, { what: 'picture' }, dropped]).connect, { mode: 'realtime', afterMs: 500 });
  assert.deepEqual(after([realTime, dropped, dropped]).connect, { mode: 'realtime', afterMs: 1000 });
});

test('HLS is never given up, only waited for longer', () => {
  const waits = [1, 2, 3, 4, 5, 6].map((n) => after(Array(n).fill({ what: 'lost', code: 'refused' })).connect);
  assert.deepEqual(
    waits.map((w) => w?.afterMs),
    [500, 1000, 2000, 4000, 8000, 8000],
  );
  assert.ok(waits.every((w) => w?.mode === 'hls'));
});

test('a picture makes the next wait short again', () => {
  assert.equal(after([dropped, dropped, dropped, { what: 'picture' }, dropped]).connect?.afterMs, 500);
});

test('choosing again forgets the fall-back', () => {
  const step = after([realTime, { what: 'silence' }, realTime]);
  assert.equal(step.delivery.fellBack, undefined);
  assert.deepEqual(step.connect, { mode: 'realtime', afterMs: 0 });
  assert.equal(after([realTime, { what: 'silence' }, { what: 'chosen', mode: 'hls' }]).delivery.fellBack, undefined);
});

test('the end is not a fault: nothing falls back, and what comes then is played', () => {
  const over: Happened = { what: 'lost', code: 'over' };
  const step = after([realTime, { what: 'picture' }, dropped, over, { what: 'silence' }]);
  assert.equal(step.connect, undefined);
  assert.deepEqual(step.delivery, { wanted: 'realtime', using: 'realtime', failures: 2, over: true });
  assert.deepEqual(after([over, over]).connect, { mode: 'hls', afterMs: 1000 });
  assert.equal(after([over, { what: 'picture' }]).delivery.over, undefined);
  assert.equal(after([over, dropped]).delivery.over, undefined);
});
