import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockOf, type Desk, deskOf, differs, inOrder, onAir, type Person } from './desk';

const someone = (id: string, more: Partial<Person> = {}): Person => ({
  id, name: id, role: id === 'host' ? 'host' : 'guest', place: 'backstage', since: '', present: true,
  muted: false, camera_off: false, self_muted: false, self_camera_off: false, volume: 1, ...more,
});
const frame = { id: 's', title: 'T', phase: 'planned', autostart: false, width: 1280, height: 720 } as const;
const picture = { layout: 'auto', cells: [] } as const;
const entries = (more: [string, unknown][] = []) =>
  new Map<string, unknown>([['session', frame], ['program', picture], ['preview', picture], ['overlays', { logo: false }], ...more]);

test('a desk is made of its keys, the host first, guests by number, screens behind their owners', () => {
  const desk = deskOf(entries([
    ['person/guest10', someone('guest10')],
    ['person/guest2-screen', someone('guest2-screen', { of: 'guest2' })],
    ['person/guest2', someone('guest2')],
    ['person/host', someone('host')],
    ['person/host-screen', someone('host-screen', { of: 'host', role: 'host' })],
    ['ingest/guest2', { state: 'good' }],
  ]));
  assert.deepEqual(desk?.people.map((p) => p.id), ['host', 'host-screen', 'guest2', 'guest2-screen', 'guest10']);
  assert.equal(desk?.title, 'T');
});

test('half of the keys make no desk', () => {
  const some = entries();
  some.delete('overlays');
  assert.equal(deskOf(some), undefined);
  assert.deepEqual(inOrder({ ...frame, program: picture, preview: picture, overlays: { logo: false }, people: null } as unknown as Desk).people, []);
});

test('on stage is not on air before it is live', () => {
  const desk = deskOf(entries([['person/host', someone('host', { place: 'on_air' })]]))!;
  assert.equal(onAir(desk, desk.people[0]!), false);
  assert.equal(onAir({ ...desk, phase: 'live' }, desk.people[0]!), true);
});

test('preview differs when taking it would change something', () => {
  const desk = deskOf(entries())!;
  assert.equal(differs(desk), false);
  assert.equal(differs({ ...desk, preview: { ...picture, spotlight: '', slate: '', cells: null } }), false);
  assert.equal(differs({ ...desk, preview: { ...picture, layout: 'solo', cells: null } }), true);
  assert.equal(differs({ ...desk, preview: { ...picture, slate: 'brb', cells: null } }), true);
});

test('the clock counts up on air and down to the planned end', () => {
  const desk = { ...deskOf(entries())!, since: '2026-11-27T10:00:00Z', ends_at: '2026-11-27T11:00:00Z' };
  const at = (iso: string, phase: Desk['phase'] = 'live') => clockOf({ ...desk, phase }, Date.parse(iso));
  assert.deepEqual(at('2026-11-27T10:10:00Z'), { running: 600, left: 3000 });
  assert.deepEqual(at('2026-11-27T11:00:30Z'), { running: 3630, left: -30 });
  assert.deepEqual(at('2026-11-27T09:00:00Z', 'planned'), { running: undefined, left: 7200 });
});
