// Which way the picture comes, decided without a clock or a network: a function
// from what is known and what happened to what to do next.
//
// LL-HLS is the way that always works. Real time (WHEP) is a wish of the viewer:
// it is dropped, and the viewer told why, when no picture comes for three seconds
// or the server will not serve it.
import { backoff } from '../app/backoff';
import type { Loss } from './engine';

export type Mode = 'hls' | 'realtime';

/** How long real time may show nothing before HLS takes over. */
export const SILENCE_MS = 3_000;

/** Why HLS took over. */
export type Reason = 'full' | 'network' | 'refused';

export interface Delivery {
  readonly wanted: Mode;
  readonly using: Mode;
  /** Connections that ended since the last picture. */
  readonly failures: number;
  /** Real time was wanted and HLS took over. */
  readonly fellBack?: Reason;
  /** Nothing is on air: it is asked for again now and then, but nobody is told of a fault. */
  readonly over?: true;
}

export type Happened =
  | { what: 'chosen'; mode: Mode }
  | { what: 'picture' }
  | { what: 'silence' }
  | { what: 'lost'; code: Loss['code'] };

/** What to do: connect in a mode after a wait, or nothing. */
export interface Next {
  delivery: Delivery;
  connect?: { mode: Mode; afterMs: number };
}

export const initial: Delivery = { wanted: 'hls', using: 'hls', failures: 0 };

export function next(now: Delivery, happened: Happened, random?: () => number): Next {
  switch (happened.what) {
    case 'chosen':
      return connect({ wanted: happened.mode, using: happened.mode, failures: 0 }, 0);
    case 'picture':
      return { delivery: now.failures === 0 ? now : failed(now, 0) };
    case 'silence':
      return now.using === 'realtime' && !now.over ? fallBack(now, 'network') : { delivery: now };
    case 'lost':
      if (now.using === 'realtime' && (happened.code === 'refused' || happened.code === 'full')) return fallBack(now, happened.code);
      return connect({ ...failed(now, now.failures + 1), ...(happened.code === 'over' && { over: true }) }, backoff(now.failures, random));
  }
}

/** As it is, but for the failures and for what the last of them was. */
function failed({ over: _, ...now }: Delivery, failures: number): Delivery {
  return { ...now, failures };
}

function fallBack(now: Delivery, fellBack: Reason): Next {
  return connect({ ...now, using: 'hls', failures: 0, fellBack }, 0);
}

function connect(delivery: Delivery, afterMs: number): Next {
  return { delivery, connect: { mode: delivery.using, afterMs } };
}
