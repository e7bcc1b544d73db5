import { test, mock } from 'node:test';
import assert from 'node:assert/strict';
import { Poller } from './poll';

// settle lets promises that are due run, with the clock standing still.
const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

function poller(answers: (() => Promise<string>)[]) {
  const log: string[] = [];
  const p = new Poller<string>({
    load: () => {
      log.push('ask');
      return (answers.shift() ?? (() => Promise.reject(new Error('gone'))))();
    },
    interval: () => 5000,
    arrived: (answer) => log.push(answer),
    waiting: (s) => log.push(`in ${s}`),
    random: () => 0.5,
  });
  return { p, log };
}

test('asks again after the interval, one request at a time', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { p, log } = poller([async () => 'a', async () => 'b']);
  p.start();
  p.start();
  p.now();
  await settle();
  assert.deepEqual(log, ['ask', 'a']);
  mock.timers.tick(4999);
  await settle();
  assert.deepEqual(log, ['ask', 'a']);
  mock.timers.tick(1);
  await settle();
  assert.deepEqual(log, ['ask', 'a', 'ask', 'b']);
  p.stop();
  mock.timers.tick(60_000);
  await settle();
  assert.deepEqual(log, ['ask', 'a', 'ask', 'b']);
});

test('says nothing of one failure, then counts down', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { p, log } = poller([]);
  p.start();
  for (let i = 0; i < 5; i++) {
    await settle();
    mock.timers.tick(1000);
  }
  await settle();
  // waits of 0.5, 1, 2 and 4 s, none shorter than the second that is told
  assert.deepEqual(log, ['ask', 'ask', 'in 1', 'ask', 'in 2', 'in 1', 'ask', 'in 4', 'in 3']);
  p.stop();
});

test('"try now" ends the wait', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { p, log } = poller([() => Promise.reject(new Error('no')), async () => 'back']);
  p.start();
  await settle();
  p.now();
  await settle();
  assert.deepEqual(log, ['ask', 'ask', 'back']);
  p.stop();
});
