// The server's clock: a visitor's own may be minutes wrong, and a countdown is not.

let ahead = 0;

/** Reads the server's time off an answer, to a second. */
export function readClock(answer: Response): void {
  const date = Date.parse(answer.headers.get('date') ?? '');
  // It names a second that has begun: half of one is the best guess.
  if (!Number.isNaN(date)) ahead = date + 500 - Date.now();
}

export const serverNow = (): number => Date.now() + (Math.abs(ahead) > 2_000 ? ahead : 0);
