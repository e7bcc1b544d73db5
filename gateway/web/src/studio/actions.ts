// Which buttons a person at the desk has, by the place of who they are about.
import { onAir, type Desk, type Person } from '../stage/desk';

/** As many guests share the stage with the host. */
export const MOST_ON_AIR = 3;

export type Action = 'admit' | 'onAir' | 'sendBack' | 'mute' | 'cameraOff' | 'spotlight' | 'remove';

export function actionsFor(p: Person): Action[] {
  const acts: Action[] = [];
  const guest = p.role === 'guest';
  const gone = p.place === 'left' || p.place === 'removed' || p.place === 'invited';
  if (p.place === 'waiting') acts.push('admit');
  if (guest && (p.place === 'waiting' || p.place === 'backstage' || p.place === 'back')) acts.push('onAir');
  if (!guest && (p.place === 'backstage' || p.place === 'back')) acts.push('onAir');
  if (p.place === 'on_air') {
    acts.push('spotlight');
    if (guest) acts.push('sendBack');
  }
  if (!gone && !p.muted && !p.self_muted) acts.push('mute');
  if (!gone && !p.camera_off && !p.self_camera_off) acts.push('cameraOff');
  if (guest && p.place !== 'removed' && !p.of) acts.push('remove');
  return acts;
}

/** Whether one more guest fits on the stage; screens do not count. */
export const stageFull = (desk: Desk): boolean =>
  desk.people.filter((p) => p.role === 'guest' && p.place === 'on_air' && !p.of).length >= MOST_ON_AIR;

/** The word for where somebody is, a key of place.*; on stage of a session that is not live is not on air. */
export const placeWord = (desk: Desk, p: Person) => (p.place === 'on_air' && !onAir(desk, p) ? 'on_stage' : p.place);
