// Tells the server how playing goes, so that viewers are counted behind a cache
// too: when the first picture is there, every ten seconds, on an error, and when
// the page goes. The names are those of CMCD (CTA-5004); ours begin com.regie-.
//
// It has no clock and no network: it is called a few times a second with the
// time, and calls send.
import type { Mode } from './delivery';
import type { Figures, Loss } from './engine';

export const INTERVAL_MS = 10_000;

const names: Record<Mode, string> = { hls: 'llhls', realtime: 'whep' };

export interface BeaconOptions {
  session: string;
  send: (body: string) => void;
  newId: () => string;
  /** What the engine measures now, and what it plays. */
  figures: () => Figures;
  rendition: () => string | undefined;
}

/** What was seen at a look. */
export interface Look {
  /** A picture came since the last look. */
  moved: boolean;
  /** It ought to: the viewer has not paused. */
  wanted: boolean;
  /** No picture can be seen, so that none is missed. */
  hidden: boolean;
}

type State = 's' | 'p' | 'r' | 'a'; // starting, playing, rebuffering, paused

/** One playback: from wanting to play one way to its end. */
interface Run {
  sid: string;
  mode: Mode;
  wantedAt: number;
  startupMs?: number;
  state: State;
  /** What plays. When it changes, what was watched is told of the one before. */
  rendition?: string | undefined;
  lookedAt: number;
  toldAt: number;
  // Since the last beacon.
  watchedMs: number;
  stalledMs: number;
  bytes: number;
  frozenMs: number;
  // Of the engine, when last seen.
  last: { bytes: number; frozenMs: number };
}

export class Beacon {
  private run: Run | undefined;

  constructor(private readonly options: BeaconOptions) {}

  /** The viewer wants to play this way from now on. */
  begin(mode: Mode, now: number): void {
    this.end();
    this.run = {
      sid: this.options.newId(), mode, wantedAt: now, state: 's', lookedAt: now, toldAt: now,
      watchedMs: 0, stalledMs: 0, bytes: 0, frozenMs: 0, last: { bytes: 0, frozenMs: 0 },
    };
  }

  /** Time that the browser waited for a click is not ours. */
  allowed(now: number): void {
    if (this.run?.state === 's') this.run.wantedAt = now;
  }

  /** The first picture is on the screen. Later ones change nothing. */
  picture(now: number): void {
    const run = this.run;
    if (run === undefined || run.startupMs !== undefined) return;
    run.startupMs = Math.max(1, Math.round(now - run.wantedAt));
    run.state = 'p';
    run.lookedAt = now;
    this.tell('ps', { msd: run.startupMs }, now);
  }

  look({ moved, wanted, hidden }: Look, now: number): void {
    const run = this.run;
    if (run === undefined) return;
    const passed = now - run.lookedAt;
    run.lookedAt = now;
    this.measure(run);
    if (run.startupMs !== undefined) {
      if (moved) run.watchedMs += passed;
      else if (wanted && !hidden) run.stalledMs += passed;
      run.state = !wanted ? 'a' : moved || hidden ? 'p' : 'r';
    }
    const rendition = this.options.rendition();
    const another = rendition !== undefined && run.rendition !== undefined && rendition !== run.rendition;
    if (another || now - run.toldAt >= INTERVAL_MS) this.tell('t', {}, now);
    run.rendition = rendition ?? run.rendition;
  }

  failed(code: Loss['code'], now: number): void {
    this.tell('e', { ec: [code === 'full' ? 'refused' : code] }, now);
  }

  /** Playing this way is over, or the page goes. */
  end(): void {
    if (this.run !== undefined) this.tell('end', {}, this.run.lookedAt);
    this.run = undefined;
  }

  // An engine that was opened again counts from nothing.
  private measure(run: Run): void {
    const { bytes, frozenMs = 0 } = this.options.figures();
    const since = (total: number, before: number) => (total < before ? total : total - before);
    run.bytes += since(bytes, run.last.bytes);
    run.frozenMs += since(frozenMs, run.last.frozenMs);
    run.last = { bytes, frozenMs };
  }

  private tell(e: string, more: object, now: number): void {
    const run = this.run;
    if (run === undefined) return;
    this.measure(run);
    const { latencyMs, bufferedMs, kbps, throughputKbps } = this.options.figures();
    const stalledMs = Math.round(Math.max(run.stalledMs, run.frozenMs));
    // JSON leaves out what is undefined.
    this.options.send(
      JSON.stringify({
        sid: run.sid, cid: this.options.session, sf: 'h', e, sta: run.state, ...more,
        ltc: whole(latencyMs), bl: whole(bufferedMs), br: whole(kbps), mtp: whole(throughputKbps),
        ...(stalledMs > 0 && { bs: true, bsd: stalledMs }),
        'com.regie-delivery': names[run.mode],
        'com.regie-rendition': run.rendition ?? this.options.rendition(),
        'com.regie-bytes': run.bytes,
        'com.regie-watched': Math.round(run.watchedMs),
      }),
    );
    run.toldAt = now;
    run.watchedMs = run.stalledMs = run.bytes = run.frozenMs = 0;
  }
}

const whole = (n: number | undefined) => (n === undefined || !Number.isFinite(n) || n < 0 ? undefined : Math.round(n));
