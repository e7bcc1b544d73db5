import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, Link, Loss } from './link';

/** A link whose attempts and clock the test moves. */
function bench() {
  const attempts: { lost: (loss: Loss) => void; stands: () => void; fails: (e: Error) => void; signal: AbortSignal; closed: boolean }[] = [];
  const timers = new Set<() => void>();
  const limits = new Set<() => void>();
  let now = 0;
  const link = new Link({
    open: (lost, signal) =>
      new Promise<Attempt>((stands, fails) => {
        const attempt = { lost, fails, signal, closed: false, stands: () => stands({ close: () => (attempt.closed = true) }) };
        attempts.push(attempt);
      }),
    random: () => 0.5,
    now: () => now,
    later: (then, ms) => {
      assert.ok(ms > 0 && ms <= 1000);
      timers.add(then);
      return () => timers.delete(then);
    },
    limit: (then) => {
      limits.add(then);
      return () => limits.delete(then);
    },
  });
  const settle = () => new Promise<void>((done) => setImmediate(done));
  const ring = async () => {
    const due = [...timers];
    timers.clear();
    due.forEach((then) => then());
    await settle();
  };
  return { link, attempts, timers, limits, ring, settle, pass: (ms: number) => (now += ms) };
}

test('a link connects, is lost, and comes back by itself', async () => {
  const b = bench();
  b.link.start();
  b.link.start(); // once is enough
  assert.equal(b.attempts.length, 1);
  assert.deepEqual(b.link.state.value, { at: 'connecting', again: false });
  b.attempts[0]!.stands();
  await b.settle();
  assert.equal(b.link.state.value.at, 'connected');

  b.attempts[0]!.lost(new Loss('gone'));
  assert.deepEqual(b.link.state.value, { at: 'waiting', seconds: 1, why: 'gone' });
  assert.ok(b.attempts[0]!.closed, 'what is lost is let go');
  await b.ring();
  assert.deepEqual(b.link.state.value, { at: 'connecting', again: true });
});

test('the wait grows while attempts fail, and is counted down', async () => {
  const b = bench();
  b.link.start();
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    b.attempts.at(-1)!.fails(new Error('no'));
    await b.settle();
    const state = b.link.state.value;
    assert.equal(state.at, 'waiting');
    waits.push(state.at === 'waiting' ? state.seconds : 0);
    while (b.link.state.value.at === 'waiting') await b.ring();
  }
  assert.deepEqual(waits, [1, 1, 2, 4, 8, 8]);
});

test('a connection that held makes the next wait short; one that did not, not', async () => {
  const b = bench();
  b.link.start();
  for (let i = 0; i < 4; i++) {
    b.attempts.at(-1)!.fails(new Error('no'));
    await b.settle();
    while (b.link.state.value.at === 'waiting') await b.ring();
  }
  b.attempts.at(-1)!.stands();
  await b.settle();
  b.pass(100);
  b.attempts.at(-1)!.lost(new Loss('at once'));
  assert.deepEqual(b.link.state.value, { at: 'waiting', seconds: 8, why: 'at once' });
  b.link.now();
  b.attempts.at(-1)!.stands();
  await b.settle();
  b.pass(60_000);
  b.attempts.at(-1)!.lost(new Loss('much later'));
  assert.deepEqual(b.link.state.value, { at: 'waiting', seconds: 1, why: 'much later' });
});

test('a final loss ends it, with the reason', async () => {
  const b = bench();
  b.link.start();
  b.attempts[0]!.fails(new Loss('the link was revoked', true));
  await b.settle();
  assert.deepEqual(b.link.state.value, { at: 'refused', why: 'the link was revoked' });
  assert.equal(b.timers.size, 0);
  b.link.start(); // asked again by the person
  assert.equal(b.attempts.length, 2);
});

test('closing ends whatever it was doing', async () => {
  const b = bench();
  b.link.start();
  b.link.close();
  assert.ok(b.attempts[0]!.signal.aborted);
  b.attempts[0]!.stands(); // too late
  await b.settle();
  assert.ok(b.attempts[0]!.closed, 'an attempt that came too late stays open');
  assert.equal(b.link.state.value.at, 'closed');

  b.link.start();
  b.attempts[1]!.fails(new Error('no'));
  await b.settle();
  b.link.close();
  assert.equal(b.timers.size, 0);
  b.attempts[0]!.lost(new Loss('an old one speaks'));
  assert.equal(b.link.state.value.at, 'closed');
});

test('now does not wait; again starts over', async () => {
  const b = bench();
  b.link.start();
  b.attempts[0]!.fails(new Error('no'));
  await b.settle();
  b.link.now();
  assert.equal(b.attempts.length, 2);
  b.attempts[1]!.stands();
  await b.settle();
  b.link.now();
  assert.equal(b.attempts.length, 2, 'a connection that stands is left alone');
  b.link.again();
  assert.ok(b.attempts[1]!.closed);
  assert.equal(b.attempts.length, 3);
});

test('an attempt that hangs is given up, and another made', async () => {
  const b = bench();
  b.link.start();
  b.limits.forEach((then) => then());
  await b.settle();
  assert.equal(b.link.state.value.at, 'waiting');
  assert.ok(b.attempts[0]!.signal.aborted);
  await b.ring();
  b.attempts[0]!.stands(); // too late
  b.attempts[1]!.stands();
  await b.settle();
  assert.equal(b.link.state.value.at, 'connected');
  assert.deepEqual([b.attempts[0]!.closed, b.attempts[1]!.closed, b.limits.size], [true, false, 0]);
});
