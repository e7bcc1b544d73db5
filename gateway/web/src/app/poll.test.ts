import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Poller } from './poll';

/** A clock that goes when it is told to. */
class Clock {
  private now = 0;
  private due: { at: number; then: () => void }[] = [];

  readonly later = (then: () => void, ms: number) => {
    const entry = { at: this.now + ms, then };
    this.due.push(entry);
    return () => void (this.due = this.due.filter((e) => e !== entry));
  };

  /** Lets time pass, and what it brings finish. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    const ready = this.due.filter((e) => e.at <= this.now);
    this.due = this.due.filter((e) => e.at > this.now);
    for (const { then } of ready) then();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

const fails = () => Promise.reject(new Error('no'));

function poller(answers: (() => Promise<string>)[]) {
  const log: string[] = [];
  const clock = new Clock();
  const p = new Poller<string>({
    load: () => {
      log.push('ask');
      return (answers.shift() ?? fails)();
    },
    interval: () => 5000,
    arrived: (answer) => log.push(answer),
    waiting: (s) => log.push(`in ${s}`),
    random: () => 0.5,
    later: clock.later,
  });
  return { p, log, clock };
}

test('asks again after the interval, one request at a time, until it is stopped', async () => {
  const { p, log, clock } = poller([async () => 'a', async () => 'b']);
  p.start();
  p.start();
  p.now();
  await clock.pass(0);
  await clock.pass(4999);
  assert.deepEqual(log, ['ask', 'a']);
  await clock.pass(1);
  assert.deepEqual(log, ['ask', 'a', 'ask', 'b']);
  p.stop();
  await clock.pass(60_000);
  assert.deepEqual(log, ['ask', 'a', 'ask', 'b']);
});

test('says nothing of one failure, then counts down', async () => {
  const { p, log, clock } = poller([]);
  p.start();
  await clock.pass(0);
  for (let s = 0; s < 5; s++) await clock.pass(1000);
  // Waits of 0.5, 1, 2 and 4 s, none shorter than the second that is told.
  assert.deepEqual(log, ['ask', 'ask', 'in 1', 'ask', 'in 2', 'in 1', 'ask', 'in 4', 'in 3']);
});

test('"try now" ends the wait', async () => {
  const { p, log, clock } = poller([fails, async () => 'back']);
  p.start();
  await clock.pass(0);
  p.now();
  await clock.pass(0);
  assert.deepEqual(log, ['ask', 'ask', 'back']);
});
