import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk, Person, Place } from '../stage/desk';
import { inRoom, whereIs } from '../guest/words';
import { actionsFor, placeWord, stageFull } from './actions';
import { commandOf, isTaken } from './keys';

const plain = { ctrlKey: false, metaKey: false, altKey: false };

test('keys: 0 to 6 are layouts, Enter takes, Esc takes back', () => {
  assert.deepEqual(commandOf({ key: '0', ...plain }), { act: 'layout', layout: 'auto' });
  assert.deepEqual(commandOf({ key: '1', ...plain }), { act: 'layout', layout: 'solo' });
  assert.deepEqual(commandOf({ key: '6', ...plain }), { act: 'layout', layout: 'grid' });
  assert.deepEqual(commandOf({ key: 'Enter', ...plain }), { act: 'take' });
  assert.deepEqual(commandOf({ key: 'Escape', ...plain }), { act: 'cancel' });
  for (const key of ['7', 'a', 'F5', '11']) assert.equal(commandOf({ key, ...plain }), undefined);
  assert.equal(commandOf({ key: '1', ...plain, ctrlKey: true }), undefined);
});

test('a key belongs to the field, the button or the dialog that has it', () => {
  const digit = { key: '1', ...plain };
  const enter = { key: 'Enter', ...plain };
  assert.equal(isTaken(digit, { tagName: 'INPUT' }, false), true);
  assert.equal(isTaken(digit, { tagName: 'DIV', isContentEditable: true }, false), true);
  assert.equal(isTaken(digit, { tagName: 'BUTTON' }, false), false);
  assert.equal(isTaken(enter, { tagName: 'BUTTON' }, false), true);
  assert.equal(isTaken(enter, { tagName: 'BODY' }, false), false);
  assert.equal(isTaken(digit, null, true), true);
});

const guest = (place: Place, more: Partial<Person> = {}): Person => ({
  id: 'guest1', name: 'Théo', role: 'guest', place, since: '', present: true,
  muted: false, camera_off: false, self_muted: false, self_camera_off: false, volume: 1, ...more,
});
const desk = (people: Person[] = [], phase: Desk['phase'] = 'live') => ({ phase, people }) as unknown as Desk;

test('what the host can do depends on where somebody is', () => {
  const acts = (p: Person) => actionsFor(p).join(' ');
  assert.equal(acts(guest('invited')), 'remove');
  assert.equal(acts(guest('waiting')), 'admit onAir mute cameraOff remove');
  assert.equal(acts(guest('backstage')), 'onAir mute cameraOff remove');
  assert.equal(acts(guest('on_air')), 'spotlight sendBack mute cameraOff remove');
  assert.equal(acts(guest('on_air', { muted: true, self_camera_off: true })), 'spotlight sendBack remove', 'the host never unmutes');
  assert.equal(acts(guest('left')), 'remove');
  assert.equal(acts(guest('removed')), '');
  assert.equal(acts(guest('on_air', { role: 'host' })), 'spotlight mute cameraOff');
  assert.equal(acts(guest('on_air', { of: 'guest1' })), 'spotlight sendBack mute cameraOff');
});

test('three guests fill the stage; screens and the host do not count', () => {
  const three = [1, 2, 3].map((i) => guest('on_air', { id: `guest${i}` }));
  assert.equal(stageFull(desk(three)), true);
  assert.equal(stageFull(desk([three[0]!, three[1]!, guest('on_air', { of: 'guest1' }), guest('on_air', { role: 'host' })])), false);
});

test('on air is said only of what viewers see', () => {
  assert.equal(placeWord(desk([], 'planned'), guest('on_air')), 'on_stage');
  assert.equal(placeWord(desk(), guest('on_air')), 'on_air');
  assert.equal(placeWord(desk(), guest('waiting')), 'waiting');
});

test('a guest is told where they are', () => {
  for (const [place, phase, want] of [
    ['invited', 'planned', 'waiting'], ['checking', 'planned', 'waiting'], ['waiting', 'live', 'waiting'],
    ['backstage', 'live', 'backstage'], ['on_air', 'planned', 'ready'], ['on_air', 'live', 'onAir'],
    ['back', 'live', 'back'], ['left', 'ended', 'left'], ['removed', 'live', 'removed'], ['on_air', 'ended', 'ended'],
  ] as const) assert.equal(whereIs(place, phase), want, `${place}, ${phase}`);
  assert.equal(inRoom('onAir'), true);
  assert.equal(inRoom('left'), false);
});
