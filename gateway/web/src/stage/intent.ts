// What the person at the page wants and the server has not said yet. A control
// shows it at once; the server's word replaces it, and a refusal takes it back.
import { signal } from '@preact/signals';

/** How long the server's word may follow its yes. */
const SETTLE_MS = 1_500;

export class Intents {
  private readonly wanted = signal<ReadonlyMap<string, unknown>>(new Map());
  private readonly versions = new Map<string, number>();

  constructor(
    private readonly failed: (error: unknown) => void,
    private readonly later: (then: () => void, ms: number) => unknown = (then, ms) => setTimeout(then, ms),
  ) {}

  /** What to show for a field: what is wanted, else what is. */
  of<T>(field: string, is: T): T {
    const wanted = this.wanted.value;
    return wanted.has(field) ? (wanted.get(field) as T) : is;
  }

  /** Shows a value for a field while an act asks for it. Gives whether it came to be. */
  async want(field: string, value: unknown, act: () => Promise<unknown>): Promise<boolean> {
    const version = (this.versions.get(field) ?? 0) + 1;
    this.versions.set(field, version);
    this.set(field, value);
    const newest = () => this.versions.get(field) === version;
    try {
      await act();
      this.later(() => newest() && this.clear(field), SETTLE_MS);
      return true;
    } catch (error) {
      if (newest()) this.clear(field);
      this.failed(error);
      return false;
    }
  }

  /** The server said what a field is: when it is what was wanted, nothing is left to want. */
  heard(field: string, is: unknown): void {
    const wanted = this.wanted.peek();
    if (wanted.has(field) && JSON.stringify(wanted.get(field)) === JSON.stringify(is)) this.clear(field);
  }

  private set(field: string, value: unknown): void {
    this.wanted.value = new Map(this.wanted.peek()).set(field, value);
  }

  private clear(field: string): void {
    const next = new Map(this.wanted.peek());
    if (next.delete(field)) this.wanted.value = next;
  }
}
