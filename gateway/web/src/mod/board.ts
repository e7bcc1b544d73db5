// The state of a room as its moderators see it, made of what was told.
import type { Claim, Held, Lever, Message, Moderation, Report } from './types';

/** As many lines as the list shows. */
export const MOST_LINES = 300;

/** The state that a channel's keys make. */
export function boardOf(entries: ReadonlyMap<string, unknown>): Moderation {
  const of = <T>(prefix: string): [string, T][] =>
    [...entries].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value as T]);
  return inOrder({
    messages: of<Message>('message/').map(([, m]) => m),
    held: of<Held>('held/').map(([, h]) => h),
    reports: of<Report>('report/').map(([, r]) => r),
    levers: of<Lever>('lever/').map(([, l]) => l),
    claims: Object.fromEntries(of<Claim>('claim/')),
  });
}

/** Oldest first, as people read a chat and take what waits; missing lists are empty. */
export function inOrder(m: Partial<Moderation>): Moderation {
  const byTime = <T extends { at: string; id: string }>(list: T[] | null | undefined): T[] =>
    [...(list ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1));
  return {
    messages: byTime(m.messages).slice(-MOST_LINES),
    held: byTime(m.held),
    reports: byTime(m.reports),
    levers: m.levers ?? [],
    claims: m.claims ?? {},
  };
}

/** Something that a moderator decides on, wherever it stands. */
export interface Item {
  column: 'live' | 'held';
  /** Names it in the column, and in a claim. */
  id: string;
  /** What acts on it name. */
  message: string;
  author: string;
  name: string;
  text: string;
  at: string;
  hidden: boolean;
  held?: Held;
  report?: Report;
}

export const fromMessage = (m: Message): Item => ({
  column: 'live', id: m.id, message: m.id, author: m.author, name: m.name, text: m.text, at: m.at, hidden: m.hidden,
});

export function fromHeld(h: Held): Item {
  const what = h.message ?? h.question;
  return {
    column: 'held', id: h.id, message: h.id, author: what?.by ?? '',
    name: what?.name ?? '', text: what?.text ?? '', at: h.at, hidden: false, held: h,
  };
}

export const fromReport = (r: Report): Item => ({
  ...fromMessage(r.message), column: 'held', id: r.id, at: r.at, report: r,
});

/** The lines that a search leaves: by name or text, whatever the case and the accents. */
export function matching<T extends { name: string; text: string }>(list: T[], search: string): T[] {
  const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const wanted = plain(search.trim());
  return wanted === '' ? list : list.filter((m) => plain(`${m.name} ${m.text}`).includes(wanted));
}

/**
 * The one that is `by` steps from id in a list; from none, the first when going
 * down and the last when going up. It stays at the ends.
 */
export function stepFrom(ids: readonly string[], id: string | undefined, by: 1 | -1): string | undefined {
  const at = id === undefined ? -1 : ids.indexOf(id);
  if (at < 0) return by === 1 ? ids[0] : ids.at(-1);
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))];
}

/** Who comes into the place of one that left: the next, or else the last. */
export function successor(before: readonly string[], after: readonly string[], id: string): string | undefined {
  const at = before.indexOf(id);
  return before.slice(at + 1).find((next) => after.includes(next)) ?? after.at(-1);
}

/** Whole seconds until a time; 0 when it is over or there is none. */
export const secondsLeft = (until: string | undefined, now: number): number =>
  until === undefined ? 0 : Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));

/** The lever of that name that acts now: one whose time is over does not. */
export function leverOf(levers: readonly Lever[], name: Lever['name'], now: number): Lever | undefined {
  const lever = levers.find((l) => l.name === name && l.on);
  return lever?.until !== undefined && Date.parse(lever.until) > 0 && secondsLeft(lever.until, now) === 0 ? undefined : lever;
}

/** Who works on an item at the moment. */
export function claimOf(claims: Readonly<Record<string, Claim>>, id: string, now: number): Claim | undefined {
  const claim = claims[id];
  return claim && secondsLeft(claim.until, now) > 0 ? claim : undefined;
}
