// What a moderator has done and the server has not heard yet. Acts are sent one
// after the other, in their order; without a network they wait, also over a reload.
import { signal } from '@preact/signals';
import { backoff } from '../app/backoff';

export interface Act {
  method: 'POST' | 'PUT' | 'DELETE';
  where: string;
  body?: unknown;
}

export interface QueueOptions {
  send: (act: Act) => Promise<unknown>;
  /** Where what waits is kept. */
  store?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  key: string;
  /** Told of a refusal whose sender is gone, as after a reload. */
  failed: (error: unknown) => void;
  random?: () => number;
  /** setTimeout, but for tests. */
  later?: (then: () => void, ms: number) => () => void;
}

interface Waiting {
  act: Act;
  done: () => void;
  failed: (error: unknown) => void;
}

const withTimeout = (then: () => void, ms: number) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/** No answer, or one of something that stands before a server that is away. */
const isAway = (error: unknown): error is { waitMs?: number } =>
  [0, 429, 502, 503, 504].includes((error as { status?: number } | null)?.status ?? -1);

export class Queue {
  /** How many acts are not sent yet. */
  readonly waiting = signal(0);
  /** They wait because the server cannot be reached. */
  readonly stuck = signal(false);
  private acts: Waiting[] = [];
  private sending = false;
  private failures = 0;
  private cancel: () => void = () => {};

  constructor(private readonly options: QueueOptions) {
    const kept = JSON.parse(options.store?.getItem(options.key) ?? '[]') as Act[];
    this.acts = kept.map((act) => ({ act, done: () => {}, failed: options.failed }));
    this.note();
    void this.flush();
  }

  /** Sends an act when its turn comes. A refusal is thrown; being offline is not one. */
  push(act: Act): Promise<void> {
    return new Promise((done, failed) => {
      this.acts.push({ act, done, failed });
      this.note();
      if (!this.stuck.value) void this.flush();
    });
  }

  /** Tries at once: "Try now", or the network is back. */
  now = (): void => {
    this.cancel();
    void this.flush();
  };

  private async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    for (let next = this.acts[0]; next; next = this.acts[0]) {
      try {
        await this.options.send(next.act);
        this.take(next.done);
      } catch (error) {
        if (isAway(error)) {
          this.wait(error.waitMs);
          break;
        }
        this.take(() => next.failed(error));
      }
    }
    this.sending = false;
  }

  // The first of the line has had its answer.
  private take(then: () => void): void {
    this.acts.shift();
    this.failures = 0;
    this.stuck.value = false;
    this.note();
    then();
  }

  private wait(ms?: number): void {
    this.stuck.value = true;
    this.cancel();
    this.cancel = (this.options.later ?? withTimeout)(() => void this.flush(), ms ?? backoff(this.failures++, this.options.random));
  }

  private note(): void {
    this.waiting.value = this.acts.length;
    const { store, key } = this.options;
    if (this.acts.length === 0) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(this.acts.map((a) => a.act)));
  }
}
