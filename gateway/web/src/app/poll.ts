// Asks again and again, calmly: one request at a time, back-off while it fails,
// and a countdown so that the page can say when it tries next.
import { backoff } from './backoff';

export interface PollerOptions<T> {
  load: () => Promise<T>;
  /** Milliseconds from an answer to the next question. */
  interval: () => number;
  arrived: (answer: T) => void;
  /** Told each second of a wait after a failure. */
  waiting: (seconds: number) => void;
  random?: () => number;
  /** Runs then after a while unless it is cancelled; setTimeout, but for tests. */
  later?: (then: () => void, ms: number) => Cancel;
}

export type Cancel = () => void;

const withTimeout = (then: () => void, ms: number): Cancel => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

export class Poller<T> {
  private cancel: Cancel = () => {};
  private running = false;
  private asking = false;
  private failures = 0;

  constructor(private readonly options: PollerOptions<T>) {}

  /** Asks now if it stood still, then keeps asking. */
  start(): void {
    if (this.running) return;
    this.running = true;
    void this.ask();
  }

  stop(): void {
    this.running = false;
    this.cancel();
  }

  /** Asks at once, whatever the wait. */
  now(): void {
    this.cancel();
    void this.ask();
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const answer = await this.options.load();
      this.failures = 0;
      this.options.arrived(answer);
      this.after(this.options.interval(), () => void this.ask());
    } catch {
      const wait = backoff(this.failures++, this.options.random);
      this.countDown(Math.max(1, Math.round(wait / 1000)));
    } finally {
      this.asking = false;
    }
  }

  private countDown(seconds: number): void {
    if (seconds <= 0) return void this.ask();
    // One lost answer is no news: people are told from the second failure on.
    if (this.failures > 1) this.options.waiting(seconds);
    this.after(1000, () => this.countDown(seconds - 1));
  }

  private after(ms: number, then: () => void): void {
    this.cancel();
    if (this.running) this.cancel = (this.options.later ?? withTimeout)(then, ms);
  }
}
