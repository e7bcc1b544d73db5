import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PictureWatch } from './watch';

test('counts silence from the beginning until a picture moves', () => {
  const watch = new PictureWatch(1000);
  assert.deepEqual(watch.look(0, 1250), { silentMs: 250, moved: false });
  assert.deepEqual(watch.look(0, 4000), { silentMs: 3000, moved: false });
  assert.deepEqual(watch.look(1, 4250), { silentMs: 0, moved: true });
  assert.deepEqual(watch.look(1, 5000), { silentMs: 750, moved: false });
});

test('a number left over from before is no picture', () => {
  const watch = new PictureWatch(0);
  assert.equal(watch.look(42, 100).moved, false);
});

test('going back in time is movement too', () => {
  const watch = new PictureWatch(0);
  watch.look(42, 100);
  assert.equal(watch.look(30, 200).moved, true);
});

test('time that was not watched is no silence', () => {
  const watch = new PictureWatch(0);
  watch.look(7, 10);
  watch.excuse(60_000);
  assert.equal(watch.look(7, 60_250).silentMs, 250);
});

test('a source that begins again is no picture, and the silence goes on', () => {
  const watch = new PictureWatch(0);
  watch.look(42, 100);
  watch.restart();
  assert.deepEqual(watch.look(0, 2000), { silentMs: 2000, moved: false });
});
