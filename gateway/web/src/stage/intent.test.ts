import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intents } from './intent';

function bench() {
  const refusals: unknown[] = [];
  const timers: (() => void)[] = [];
  const intents = new Intents((e) => refusals.push(e), (then) => timers.push(then));
  return { intents, refusals, ring: () => timers.splice(0).forEach((then) => then()) };
}

test('what is wanted shows at once and gives way to what the server says', async () => {
  const { intents } = bench();
  const done = intents.want('person/a.volume', 1.5, async () => {});
  assert.equal(intents.of('person/a.volume', 1), 1.5);
  assert.equal(await done, true);
  assert.equal(intents.of('person/a.volume', 1), 1.5, 'until the server says it');
  intents.heard('person/a.volume', 1);
  assert.equal(intents.of('person/a.volume', 1), 1.5, 'an old state is no answer');
  intents.heard('person/a.volume', 1.5);
  assert.equal(intents.of('person/a.volume', 0.3), 0.3, 'then another at the desk may change it');
});

test('a refusal takes it back and is told', async () => {
  const { intents, refusals } = bench();
  assert.equal(await intents.want('x', true, async () => { throw new Error('no'); }), false);
  assert.equal(intents.of('x', false), false);
  assert.equal(refusals.length, 1);
});

test('without a word of the server the wish ends after a while', async () => {
  const { intents, ring } = bench();
  await intents.want('x', true, async () => {});
  ring();
  assert.equal(intents.of('x', false), false);
});

test('the last wish counts, whatever comes of the first', async () => {
  const { intents } = bench();
  let refuse = (_: Error) => {};
  const first = intents.want('x', 1, () => new Promise((_, no) => (refuse = no)));
  await intents.want('x', 2, async () => {});
  refuse(new Error('late'));
  await first;
  assert.equal(intents.of('x', 0), 2);
});
