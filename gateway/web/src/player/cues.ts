// Cues are messages of the program that belong to one of its pictures. The board
// knows where they belong and says which of them the picture shown now is in. It
// has no clock of its own: at() is called with each picture.
//
// LL-HLS writes cues into the playlist, by date; WebRTC sends them beside the
// picture, by RTP time.

export interface Cue {
  id: string;
  /** A reverse DNS name, such as com.regie.message. */
  class: string;
  data: unknown;
}

/** Where a cue begins: a date in ms since 1970, or an RTP time at 90 kHz. */
export type Start = { date: number } | { rtp: number };

export interface TimedCue extends Cue {
  start: Start;
  /** Absent while the end is not known. */
  durationMs?: number | undefined;
}

/** What is known of a picture: one of the two, as it came. */
export interface Picture {
  date?: number | undefined;
  rtp?: number | undefined;
}

export interface CueChange extends Cue {
  what: 'shown' | 'ended';
}

export class CueBoard {
  private known = new Map<string, TimedCue>();
  private shown = new Map<string, TimedCue>();

  constructor(private readonly changed: (change: CueChange) => void) {}

  /** Whether pictures need to be looked at. */
  get idle(): boolean {
    return this.known.size === 0 && this.shown.size === 0;
  }

  put(cue: TimedCue): void {
    this.known.set(cue.id, cue);
  }

  /** These are all: a cue that is not among them is over. */
  replace(cues: TimedCue[]): void {
    this.known = new Map(cues.map((c) => [c.id, c]));
  }

  /** A picture is shown. Seeking back before a cue ends it; it comes again. */
  at(picture: Picture): void {
    for (const [id, cue] of this.shown) {
      if (isIn(this.known.get(id), picture)) continue;
      this.end(id, cue);
      // Real time does not go back, and its cues are told one by one, for hours.
      if ('rtp' in cue.start) this.known.delete(id);
    }
    for (const [id, cue] of this.known) {
      if (isIn(cue, picture) && !same(this.shown.get(id), cue)) {
        this.shown.set(id, cue);
        this.changed({ what: 'shown', ...bare(cue) });
      }
    }
  }

  clear(): void {
    this.known.clear();
    for (const [id, cue] of this.shown) this.end(id, cue);
  }

  private end(id: string, cue: TimedCue): void {
    this.shown.delete(id);
    this.changed({ what: 'ended', ...bare(cue) });
  }
}

const bare = ({ id, class: c, data }: Cue): Cue => ({ id, class: c, data });

const same = (a: TimedCue | undefined, b: TimedCue): boolean =>
  a !== undefined && JSON.stringify(bare(a)) === JSON.stringify(bare(b));

function isIn(cue: TimedCue | undefined, picture: Picture): boolean {
  if (cue === undefined) return false;
  const since = sinceStart(cue.start, picture);
  return since !== undefined && since >= 0 && (cue.durationMs === undefined || since < cue.durationMs);
}

/** Milliseconds from a cue's start to a picture. */
function sinceStart(start: Start, picture: Picture): number | undefined {
  if ('date' in start) return picture.date === undefined ? undefined : picture.date - start.date;
  // RTP time is 32 bits and wraps every 13 hours: the difference has a sign.
  return picture.rtp === undefined ? undefined : ((picture.rtp - start.rtp) | 0) / 90;
}

/** A cue from the attributes of an EXT-X-DATERANGE, or undefined if it is none of ours. */
export function fromDateRange(attributes: Record<string, string | undefined>): TimedCue | undefined {
  const { ID: id, CLASS: cls, DURATION: duration } = attributes;
  const date = Date.parse(attributes['START-DATE'] ?? '');
  if (!id || !cls || Number.isNaN(date)) return undefined;
  return {
    id,
    class: cls,
    start: { date },
    durationMs: duration === undefined ? undefined : Number(duration) * 1000,
    data: decode(newestData(attributes)),
  };
}

/** What is in X-DATA cannot change: newer data is in X-DATA-2, X-DATA-3, … */
function newestData(attributes: Record<string, string | undefined>): string | undefined {
  let newest = attributes['X-DATA'];
  for (let n = 2; attributes[`X-DATA-${n}`] !== undefined; n++) newest = attributes[`X-DATA-${n}`];
  return newest;
}

/** The JSON in X-DATA, in base64 as quotes may not stand in a playlist's strings. */
function decode(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

/** A cue from a message of the data channel, or undefined if it is none. */
export function fromMessage(message: unknown): TimedCue | undefined {
  const m = message as { type?: unknown; id?: unknown; class?: unknown; rtp?: unknown; duration?: unknown; data?: unknown };
  if (m?.type !== 'cue' || typeof m.id !== 'string' || typeof m.class !== 'string' || typeof m.rtp !== 'number') return undefined;
  return {
    id: m.id,
    class: m.class,
    start: { rtp: m.rtp },
    durationMs: typeof m.duration === 'number' ? m.duration * 1000 : undefined,
    data: m.data,
  };
}
