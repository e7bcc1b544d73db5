// Where a guest is, in words: which sentence goes with which place.
import type { Desk, Place } from '../stage/desk';

/** Names the messages guest.place.NAME and guest.hint.NAME. */
export type Where = 'waiting' | 'backstage' | 'ready' | 'onAir' | 'back' | 'left' | 'removed' | 'ended';

/** A place and a phase as one word. On the stage of a session that is not live nobody is on air. */
export function whereIs(place: Place, phase: Desk['phase']): Where {
  if (place === 'removed') return 'removed';
  if (place === 'left') return 'left';
  if (phase === 'ended') return 'ended';
  switch (place) {
    case 'backstage':
    case 'back':
      return place;
    case 'on_air':
      return phase === 'live' ? 'onAir' : 'ready';
  }
  return 'waiting';
}

/** Whether the person is in the room, and so sends and hears. */
export const inRoom = (where: Where): boolean => where !== 'removed' && where !== 'left';
