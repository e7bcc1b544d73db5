import { test } from 'node:test';
import assert from 'node:assert/strict';
import { CueBoard, fromDateRange, fromMessage, type TimedCue } from './cues';

function board() {
  const log: string[] = [];
  return { log, board: new CueBoard((c) => log.push(`${c.what} ${c.id} ${JSON.stringify(c.data)}`)) };
}

const dated = (id: string, date: number, durationMs?: number, data: unknown = 1): TimedCue => ({ id, class: 'com.regie.message', start: { date }, durationMs, data });

test('a cue is shown by the first picture at its start, and ended by the first after its end', () => {
  const { log, board: b } = board();
  b.put(dated('a', 1000, 200));
  for (const date of [967, 999.9, 1000, 1033, 1166, 1199]) b.at({ date });
  assert.deepEqual(log, ['shown a 1']);
  b.at({ date: 1200 });
  assert.deepEqual(log, ['shown a 1', 'ended a 1']);
});

test('what starts in the past is shown at once, and stays while its end is not known', () => {
  const { log, board: b } = board();
  b.put(dated('a', 1000));
  b.at({ date: 999_000 });
  b.at({ date: 9_999_000 });
  assert.deepEqual(log, ['shown a 1']);
});

test('seeking back ends a cue, and it comes again', () => {
  const { log, board: b } = board();
  b.put(dated('a', 1000));
  for (const date of [1500, 500, 1500]) b.at({ date });
  assert.deepEqual(log, ['shown a 1', 'ended a 1', 'shown a 1']);
});

test('the same id replaces: it ends, or has other data', () => {
  const { log, board: b } = board();
  b.put(dated('a', 1000, undefined, 'one'));
  b.at({ date: 1500 });
  b.put(dated('a', 1000, undefined, 'two'));
  b.at({ date: 1600 });
  b.at({ date: 1601 });
  b.put(dated('a', 1000, 700, 'two'));
  b.at({ date: 1650 });
  b.at({ date: 1700 });
  assert.deepEqual(log, ['shown a "one"', 'shown a "two"', 'ended a "two"']);
});

test('a cue that left the playlist is over, and a closed board has none', () => {
  const { log, board: b } = board();
  b.replace([dated('a', 1000), dated('b', 1000)]);
  b.at({ date: 1500 });
  b.replace([dated('b', 1000)]);
  b.at({ date: 1501 });
  assert.equal(b.idle, false);
  b.clear();
  assert.deepEqual(log, ['shown a 1', 'shown b 1', 'ended a 1', 'ended b 1']);
  assert.equal(b.idle, true);
});

test('RTP time wraps', () => {
  const { log, board: b } = board();
  b.put({ id: 'a', class: 'x.y', data: null, start: { rtp: 100 }, durationMs: 1000 });
  b.at({ rtp: 2 ** 32 - 3000 });
  b.at({ rtp: 99 });
  assert.deepEqual(log, []);
  b.at({ rtp: 100 });
  b.at({ rtp: 100 + 90_000 });
  assert.deepEqual(log, ['shown a null', 'ended a null']);
});

test('a picture of another clock decides nothing', () => {
  const { log, board: b } = board();
  b.put(dated('a', 1000));
  b.at({ rtp: 5000 });
  b.at({});
  assert.deepEqual(log, []);
});

test('a date range is read, data in UTF-8', () => {
  assert.deepEqual(
    fromDateRange({ ID: 'a', CLASS: 'com.regie.message', 'START-DATE': '2026-11-26T10:00:00.500Z', DURATION: '5.25', 'X-DATA': 'eyJ0ZXh0IjoiZMOpasOgIn0=' }),
    { id: 'a', class: 'com.regie.message', start: { date: Date.UTC(2026, 10, 26, 10, 0, 0, 500) }, durationMs: 5250, data: { text: 'déjà' } },
  );
  assert.equal(fromDateRange({ ID: 'a', CLASS: 'x', 'START-DATE': 'yesterday' }), undefined);
  assert.equal(fromDateRange({ ID: 'a', CLASS: 'x', 'START-DATE': '2026-11-26T10:00:00Z', 'X-DATA': 'MQ==', 'X-DATA-2': 'Mg==', 'X-DATA-3': 'Mw==' })?.data, 3);
  assert.equal(fromDateRange({ ID: 'a', CLASS: 'x', 'START-DATE': '2026-11-26T10:00:00Z', 'X-DATA': '%%' })?.data, undefined);
});

test('a message is read if it is one', () => {
  assert.deepEqual(fromMessage({ type: 'cue', id: 'a', class: 'x.y', rtp: 7, duration: 2, data: [1] }), {
    id: 'a', class: 'x.y', start: { rtp: 7 }, durationMs: 2000, data: [1],
  });
  for (const other of [null, 1, 'cue', {}, { type: 'renditions' }, { type: 'cue', id: 1, class: 'x', rtp: 1 }]) {
    assert.equal(fromMessage(other), undefined);
  }
});
