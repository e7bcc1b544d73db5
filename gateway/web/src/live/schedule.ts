// What the page that follows an event shows, decided without a clock or a network.
import type { Phase } from '../app/state';

export interface Slot {
  session: string;
  title: string;
  starts: string;
  ends: string;
  cancelled: boolean;
  phase: Phase;
  names?: string[] | null;
}

/** What follow() needs of a session. */
export interface Stage {
  id: string;
  phase: Phase;
}

/** How long the end of a session may play out of a viewer's buffer. */
export const PLAY_OUT_MS = 8_000;

export interface Showing {
  /** The session whose picture is shown, if there is one. */
  session?: string | undefined;
  /** It has ended at this time, and plays out. */
  endedAt?: number | undefined;
}

/**
 * What to show now, after `before` was shown: what is on air, the one that plays
 * before others; then the one that plays out; then none.
 */
export function follow(before: Showing, stages: Stage[], slots: Slot[], now: number): Showing {
  const live = (id: string) => stages.some((s) => s.id === id && s.phase === 'live');
  if (before.session !== undefined) {
    if (live(before.session)) return { session: before.session };
    const endedAt = before.endedAt ?? now;
    if (now - endedAt < PLAY_OUT_MS) return { session: before.session, endedAt };
  }
  const planned = slots.find((s) => !s.cancelled && live(s.session))?.session;
  return { session: planned ?? stages.find((s) => s.phase === 'live')?.id };
}

/** The first session that is to come. */
export const nextOf = (slots: Slot[], now: number): Slot | undefined =>
  slots.find((s) => !s.cancelled && s.phase === 'planned' && Date.parse(s.ends) > now);

/** By time, as the schedule has them. */
export const inOrder = (slots: Slot[]): Slot[] =>
  slots.filter((s) => Date.parse(s.starts) > 0).sort((a, b) => Date.parse(a.starts) - Date.parse(b.starts) || (a.session < b.session ? -1 : 1));

/** Those of the day, on the event's clocks, of the one that is shown or next, or of the last. */
export function dayOf(slots: Slot[], shown: string | undefined, now: number, zone: string): Slot[] {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
  const one = slots.find((s) => s.session === shown) ?? nextOf(slots, now) ?? slots.at(-1);
  return one ? slots.filter((s) => day.format(Date.parse(s.starts)) === day.format(Date.parse(one.starts))) : [];
}
