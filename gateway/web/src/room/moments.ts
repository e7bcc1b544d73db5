// Moments of the program: which pins the picture has reached, where they are on the
// time line, and links that lead to one. Pure.
import type { Place } from '../player/player';
import type { Pin, Question } from './types';

/** In real time pictures bear no date; what is known for this long is surely reached. */
const SURELY_MS = 3_000;

/** The furthest that the picture has come on this page. */
export class Reach {
  private furthest = -Infinity;
  private readonly shown = new Set<string>();
  private readonly known = new Map<string, number>();

  /** A cue of the pin is in the picture. */
  show(id: string): void {
    this.shown.add(id);
  }

  /** The pins whose moment the picture has reached, the latest first. */
  of(pins: readonly Pin[], picture: { date: number | undefined; playing: boolean }, now: number): Pin[] {
    if (picture.date !== undefined) this.furthest = Math.max(this.furthest, picture.date);
    const reached = (pin: Pin) => {
      if (!this.known.has(pin.id)) this.known.set(pin.id, now);
      if (this.shown.has(pin.id) || Date.parse(pin.start) <= this.furthest) return true;
      // Without any picture there is nothing to be early for.
      return picture.date === undefined && (!picture.playing || now - this.known.get(pin.id)! >= SURELY_MS);
    };
    return pins.filter(reached).sort((a, b) => Date.parse(b.start) - Date.parse(a.start));
  }
}

/** Where a moment is in the video's seconds; undefined where that is not known. */
export const timeOf = (place: Place | undefined, date: number): number | undefined =>
  place?.date === undefined ? undefined : place.now + (date - place.date) / 1000;

/** A pin on the time line, as a share of it from 0 to 1. */
export function tickOf(place: Place, date: number): number | undefined {
  const time = timeOf(place, date);
  const share = time === undefined ? NaN : (time - place.start) / (place.live - place.start);
  return share >= 0 && share <= 1 ? share : undefined;
}

/** The moment that a link names: ?t=2026-11-27T14:03:20Z, or seconds since 1970. */
export function momentOf(search: string): number | undefined {
  const t = new URLSearchParams(search).get('t');
  if (!t) return undefined;
  const ms = /^\d{9,11}$/.test(t) ? Number(t) * 1000 : Date.parse(t);
  return Number.isNaN(ms) ? undefined : ms;
}

export const linkTo = (address: string, date: number): string => {
  const url = new URL(address);
  url.search = `?t=${new Date(date).toISOString().replace(/\.\d+/, '')}`;
  url.hash = '';
  return url.href;
};

const rank = { on_air: 0, next: 1, open: 2, answered: 3, dismissed: 4 } as const;

/** Questions as people look for them: on air, next, then by votes, then the older. */
export const inTurn = (questions: readonly Question[]): Question[] =>
  [...questions].sort((a, b) => rank[a.state] - rank[b.state] || b.votes - a.votes || Date.parse(a.at) - Date.parse(b.at));
