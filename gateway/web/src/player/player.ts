// The player: keeps one engine going, sees when it stalls, and tells the page
// by signals. delivery.ts decides; this does.
import { signal } from '@preact/signals';
import { initial, next, SILENCE_MS, type Delivery, type Happened, type Mode } from './delivery';
import type { Engine, Loss } from './engine';
import { openHls } from './hls';
import { PictureWatch } from './watch';
import { openWhep } from './whep';

/** Silence that people are told of: shorter ones mend themselves. */
const TOLD_MS = 2_000;
const LOOK_MS = 250;
/** Longest time that the end of a session may play out from the buffer. */
const PLAY_OUT_MS = 15_000;

export interface Addresses {
  hls: string;
  whep: string;
}

export class Player {
  readonly delivery = signal<Delivery>(initial);
  /** A picture has been shown since the start. */
  readonly picture = signal(false);
  /** No picture for two seconds though there should be. */
  readonly stalled = signal(false);
  /** The browser wants a click before it plays. */
  readonly blocked = signal(false);
  readonly muted = signal(true);
  readonly behind = signal(0);
  readonly delay = signal<number | undefined>(undefined);

  private engine: Engine | undefined;
  private watch = new PictureWatch(0);
  private wantsToPlay = true;
  private looking: ReturnType<typeof setInterval> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new AbortController();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly addresses: Addresses,
    /** Draws what the video shows now, to stand in while there is no picture. */
    private readonly freeze: () => void,
  ) {
    const on = (event: string, then: () => void) =>
      video.addEventListener(event, then, { signal: this.listeners.signal });
    on('pause', () => (this.wantsToPlay = video.ended));
    on('play', () => {
      this.wantsToPlay = true;
      this.blocked.value = false;
    });
    on('volumechange', () => (this.muted.value = video.muted || video.volume === 0));
  }

  start(): void {
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.choose('hls');
  }

  /** Ends for good: a stopped player is not started again. */
  stop(): void {
    clearInterval(this.looking);
    clearTimeout(this.waiting);
    this.listeners.abort();
    this.engine?.close();
    this.engine = undefined;
    this.stalled.value = false;
  }

  /** Lets the end play out of the buffer, then stops and says so. */
  finish(done: () => void): void {
    if (this.engine?.mode !== 'hls') return done();
    const late = setTimeout(done, PLAY_OUT_MS);
    this.video.addEventListener('ended', () => (clearTimeout(late), done()), { signal: this.listeners.signal });
  }

  choose(mode: Mode): void {
    this.watch = new PictureWatch(performance.now());
    this.happened({ what: 'chosen', mode });
  }

  goLive(): void {
    this.engine?.goLive();
    this.play();
  }

  play(): void {
    this.video.play().catch((error: DOMException) => {
      // AbortError: another source came meanwhile, whose own play() counts.
      if (error.name === 'NotAllowedError') this.blocked.value = true;
    });
  }

  private happened(happened: Happened): void {
    const { delivery, connect } = next(this.delivery.value, happened);
    this.delivery.value = delivery;
    if (connect === undefined) return;
    this.closeEngine();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(connect.mode), connect.afterMs);
  }

  private open(mode: Mode): void {
    this.watch.restart();
    const lost = (loss: Loss) => {
      console.info(`regie: ${mode} was lost: ${loss.cause}`);
      this.happened({ what: 'lost', refused: loss.refused });
    };
    this.engine =
      mode === 'hls'
        ? openHls(this.video, this.addresses.hls, lost)
        : openWhep(this.video, this.addresses.whep, lost);
    if (this.wantsToPlay) this.play();
  }

  private closeEngine(): void {
    if (this.engine === undefined) return;
    if (this.picture.value) this.freeze();
    this.engine.close();
    this.engine = undefined;
  }

  private look(): void {
    const now = performance.now();
    const watched = this.wantsToPlay && !this.blocked.value && !document.hidden;
    if (!watched) this.watch.excuse(now);
    const seen = this.watch.look(this.engine?.progress() ?? 0, now);
    if (seen.moved && this.engine !== undefined) {
      this.picture.value = true;
      this.happened({ what: 'picture' });
    }
    this.stalled.value = seen.silentMs >= TOLD_MS;
    if (seen.silentMs >= SILENCE_MS) this.happened({ what: 'silence' });
    this.behind.value = Math.floor(this.engine?.behind() ?? 0);
    this.delay.value = this.engine?.delay();
  }
}
