// Watches whether pictures come, by a number that grows while they do. It has no
// clock of its own: look() is called a few times a second with the time.

export interface Seen {
  /** Milliseconds without a new picture. */
  silentMs: number;
  /** A picture came since the last look. */
  moved: boolean;
}

export class PictureWatch {
  private last: number | undefined;
  private movedAt: number;

  constructor(now: number) {
    this.movedAt = now;
  }

  look(progress: number, now: number): Seen {
    // The first look only learns the number: what stands there may be old.
    const moved = this.last !== undefined && progress !== this.last;
    this.last = progress;
    if (moved) this.movedAt = now;
    return { silentMs: now - this.movedAt, moved };
  }

  /** Another source begins: its number has nothing to do with the last one's. */
  restart(): void {
    this.last = undefined;
  }

  /** Time that was not watched (paused, hidden page) does not count as silence. */
  excuse(now: number): void {
    this.movedAt = now;
  }
}
