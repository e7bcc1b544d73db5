import { test } from 'node:test';
import assert from 'node:assert/strict';
import { type Act, Queue } from './queue';

/** As the API's client throws it. */
const problem = (status: number, waitMs?: number) => Object.assign(new Error('no'), { status, waitMs });

/** A server that is there or away, a clock that goes when told, a tab's storage. */
function rig(kept?: string) {
  const sent: string[] = [];
  const failed: unknown[] = [];
  const due: { then: () => void; ms: number }[] = [];
  const items = new Map<string, string>(kept ? [['q', kept]] : []);
  const server = { answer: async (_: Act): Promise<unknown> => undefined };
  const queue = new Queue({
    send: async (act) => {
      await server.answer(act);
      sent.push(act.where);
    },
    key: 'q',
    store: { getItem: (k) => items.get(k) ?? null, setItem: (k, v) => void items.set(k, v), removeItem: (k) => void items.delete(k) },
    failed: (error) => failed.push(error),
    random: () => 0.5,
    later: (then, ms) => {
      const entry = { then, ms };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), due.includes(entry) ? 1 : 0);
    },
  });
  return { queue, sent, failed, due, items, server };
}

const act = (where: string): Act => ({ method: 'POST', where });
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const away = () => Promise.reject(problem(0));

test('acts are sent in their order', async () => {
  const { queue, sent, items } = rig();
  await Promise.all([queue.push(act('a')), queue.push(act('b'))]);
  assert.deepEqual(sent, ['a', 'b']);
  assert.deepEqual([queue.waiting.value, queue.stuck.value, items.size], [0, false, 0]);
});

test('without a network they wait, are kept, and go when it is back', async () => {
  const { queue, sent, due, items, server } = rig();
  const there = server.answer;
  server.answer = away;
  const both = Promise.all([queue.push(act('a')), queue.push(act('b'))]);
  await settle();
  assert.deepEqual([queue.waiting.value, queue.stuck.value], [2, true]);
  assert.equal((JSON.parse(items.get('q')!) as Act[]).length, 2);
  assert.deepEqual(due.map((d) => d.ms), [500]);
  due.shift()!.then();
  await settle();
  assert.deepEqual(due.map((d) => d.ms), [1000], 'it waits longer each time');
  server.answer = there;
  queue.now();
  await both;
  assert.deepEqual([sent.join(), queue.waiting.value, queue.stuck.value, due.length], ['a,b', 0, false, 0]);
});

test('a server that asks for a pause gets it', async () => {
  const { queue, due, server } = rig();
  server.answer = () => Promise.reject(problem(429, 7000));
  void queue.push(act('a'));
  await settle();
  assert.deepEqual(due.map((d) => d.ms), [7000]);
});

test('a refusal is told to who acted, and holds nobody up', async () => {
  const { queue, sent, server } = rig();
  server.answer = async (a) => {
    if (a.where === 'a') throw problem(403);
  };
  const [first, second] = await Promise.allSettled([queue.push(act('a')), queue.push(act('b'))]);
  assert.equal(first.status === 'rejected' && first.reason.status, 403);
  assert.equal(second.status, 'fulfilled');
  assert.deepEqual(sent, ['b']);
});

test('what an earlier page could not send is sent by the next', async () => {
  const { queue, sent, items } = rig(JSON.stringify([act('old')]));
  await settle();
  assert.deepEqual([sent.join(), queue.waiting.value, items.size], ['old', 0, 0]);
});
