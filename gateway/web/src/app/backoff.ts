const FIRST_MS = 500;
const MOST_MS = 8_000;

/**
 * Milliseconds to wait before attempt n (0, 1, …): 0.5 s doubling to 8 s, each a
 * quarter more or less by chance, so that a crowd whose server restarted does
 * not come back in step.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const wait = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(wait * (0.75 + random() / 2));
}
