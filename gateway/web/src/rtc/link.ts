// A connection that comes back by itself: one attempt at a time, back-off while
// they fail, and an end when the server says that asking again is no use.
import { signal } from '@preact/signals';
import { backoff } from '../app/backoff';
import { t } from '../app/i18n';
import type { Cancel } from '../app/poll';

export type LinkState =
  | { at: 'closed' }
  | { at: 'connecting'; again: boolean }
  | { at: 'connected' }
  | { at: 'waiting'; seconds: number; why: string }
  | { at: 'refused'; why: string };

/** Why a connection is over. A final one is not tried again. */
export class Loss extends Error {
  constructor(message: string, readonly final = false) {
    super(message);
  }
}

export interface Attempt {
  close(): void;
}

export interface LinkOptions {
  /** Connects; settles when media can flow. `lost` is called when that is over. */
  open: (lost: (loss: Loss) => void, signal: AbortSignal) => Promise<Attempt>;
  random?: () => number;
  later?: (then: () => void, ms: number) => Cancel;
  now?: () => number;
  /** As `later`, for the end of an attempt that hangs. */
  limit?: (then: () => void, ms: number) => Cancel;
}

/** A connection that lasted so long was a good one: the next wait is short again. */
const SETTLED_MS = 5_000;
/** A network that has gone away answers nothing: an attempt that neither stands nor fails until then hangs. */
const ATTEMPT_MS = 20_000;

const withTimeout = (then: () => void, ms: number): Cancel => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

export class Link {
  readonly state = signal<LinkState>({ at: 'closed' });
  private attempt: Attempt | undefined;
  private abort: AbortController | undefined;
  private cancel: Cancel = () => {};
  private failures = 0;
  private since = 0;

  constructor(private readonly options: LinkOptions) {}

  get wanted(): boolean {
    return this.abort !== undefined || this.state.peek().at === 'waiting';
  }

  /** Connects, if it is not connected or about to be. */
  start(): void {
    if (!this.wanted) void this.connect(false);
  }

  /** Tries at once instead of waiting. */
  now(): void {
    if (this.state.peek().at !== 'waiting') return;
    this.cancel();
    void this.connect(true);
  }

  /** Connects anew, with what has changed. */
  again(): void {
    if (!this.wanted) return;
    this.drop();
    void this.connect(true);
  }

  close(): void {
    this.cancel();
    this.drop();
    this.failures = 0;
    this.state.value = { at: 'closed' };
  }

  private drop(): void {
    this.abort?.abort();
    this.abort = undefined;
    this.attempt?.close();
    this.attempt = undefined;
  }

  private async connect(again: boolean): Promise<void> {
    const abort = (this.abort = new AbortController());
    const current = () => this.abort === abort;
    this.state.value = { at: 'connecting', again };
    const lost = (loss: Loss) => current() && this.fail(loss);
    const forget = (this.options.limit ?? withTimeout)(() => lost(new Loss(t('api.unreachable'))), ATTEMPT_MS);
    try {
      const attempt = await this.options.open(lost, abort.signal);
      if (!current()) return attempt.close();
      this.attempt = attempt;
      this.since = this.time();
      this.state.value = { at: 'connected' };
    } catch (error) {
      lost(error instanceof Loss ? error : new Loss(error instanceof Error ? error.message : String(error)));
    } finally {
      forget();
    }
  }

  private fail(loss: Loss): void {
    const settled = this.attempt !== undefined && this.time() - this.since >= SETTLED_MS;
    this.drop();
    if (loss.final) {
      this.state.value = { at: 'refused', why: loss.message };
      return;
    }
    if (settled) this.failures = 0;
    const ms = backoff(this.failures++, this.options.random);
    this.count(Math.max(1, Math.round(ms / 1000)), loss.message, ms);
  }

  private count(seconds: number, why: string, ms: number): void {
    this.state.value = { at: 'waiting', seconds, why };
    const later = this.options.later ?? withTimeout;
    this.cancel = later(() => (seconds > 1 ? this.count(seconds - 1, why, 1000) : void this.connect(true)), Math.min(ms, 1000));
  }

  private time(): number {
    return (this.options.now ?? (() => performance.now()))();
  }
}
