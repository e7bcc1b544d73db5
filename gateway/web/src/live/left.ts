// The time until something, as a clock shows it.

export interface Left {
  /** Whole days, when it is more than one day. */
  days: number;
  /** "1:02:03", "2:03", or the hours and minutes beside days. */
  clock: string;
  /** Nothing is left. */
  due: boolean;
}

const two = (n: number) => String(n).padStart(2, '0');

export function left(untilMs: number, nowMs: number): Left {
  const s = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const days = Math.floor(s / 86_400);
  const h = Math.floor((s % 86_400) / 3600);
  const m = Math.floor((s % 3600) / 60);
  const clock = days > 0 ? `${h}:${two(m)}` : h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  return { days, clock, due: s === 0 };
}

/** How much of a slot is over, from 0 to 1. */
export const share = (from: number, to: number, now: number): number => (to <= from ? 1 : Math.min(1, Math.max(0, (now - from) / (to - from))));
