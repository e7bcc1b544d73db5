// The player: keeps one engine going, sees when it stalls, and tells the page
// by signals. delivery.ts decides; this does.
import { effect, signal } from '@preact/signals';
import { Beacon } from './beacon';
import { CueBoard, type Cue, type CueChange } from './cues';
import { initial, next, SILENCE_MS, type Delivery, type Happened, type Mode } from './delivery';
import type { Engine, Loss, Renditions, Told } from './engine';
import { openHls } from './hls';
import { LIVE_WITHIN_S } from './live';
import { eachPicture, type Shown } from './pictures';
import { PictureWatch } from './watch';
import { openWhep } from './whep';

/** Silence that people are told of: shorter ones mend themselves. */
const TOLD_MS = 2_000;
const LOOK_MS = 250;
/** Longest time that the end of a session may play out from the buffer. */
const PLAY_OUT_MS = 15_000;
const BEACON = '/api/v1/beacon';

export interface Addresses {
  hls: string;
  whep: string;
}

/** Of the time line, in the video's seconds. */
export interface Place {
  start: number;
  live: number;
  now: number;
  /** When the picture was made, in ms since 1970. */
  date?: number | undefined;
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
  readonly renditions = signal<Renditions | undefined>(undefined);
  readonly place = signal<Place | undefined>(undefined);
  /** What belongs to the picture that is shown. */
  readonly cues = signal<Cue[]>([]);

  private engine: Engine | undefined;
  private watch = new PictureWatch(0);
  private wantsToPlay = true;
  /** The viewer chose another place than the live edge. */
  private away = false;
  /** Seconds to go back once HLS has taken over from real time. */
  private goBack = 0;
  private looking: ReturnType<typeof setInterval> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private stopPictures = () => {};
  private readonly listeners = new AbortController();
  private readonly board = new CueBoard((change) => this.cueChanged(change));
  private readonly beacon: Beacon;
  private shownAt = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    session: string,
    private readonly addresses: Addresses,
    /** The rendition that the viewer prefers, or "auto". */
    private quality: string,
    /** Draws what the video shows now, to stand in while there is no picture. */
    private readonly freeze: () => void,
  ) {
    this.beacon = new Beacon({
      session,
      // It outlives the page. There is no answer to wait for.
      send: (body) => navigator.sendBeacon(BEACON, body),
      newId,
      figures: () => this.figures(),
      rendition: () => this.renditions.value?.using,
    });
    const on = (target: EventTarget, event: string, then: (e: Event) => void) =>
      target.addEventListener(event, then, { signal: this.listeners.signal });
    on(video, 'pause', () => {
      this.wantsToPlay = video.ended;
      this.away ||= !video.ended;
    });
    on(video, 'play', () => {
      this.wantsToPlay = true;
      if (this.blocked.value) this.beacon.allowed(performance.now());
      this.blocked.value = false;
    });
    on(video, 'ended', () => this.engine?.mode === 'hls' && this.lost('hls', { code: 'over', cause: 'the program has ended' }));
    on(video, 'volumechange', () => (this.muted.value = video.muted || video.volume === 0));
    on(window, 'pagehide', () => this.beacon.end());
    // A page that comes out of the browser's cache plays again.
    on(window, 'pageshow', (e) => (e as PageTransitionEvent).persisted && this.beacon.begin(this.delivery.value.using, performance.now()));
  }

  start(): void {
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.stopPictures = eachPicture(this.video, (shown) => this.pictureShown(shown));
    this.choose('hls');
  }

  /** Ends for good: a stopped player is not started again. */
  stop(): void {
    clearInterval(this.looking);
    clearTimeout(this.waiting);
    this.stopPictures();
    this.listeners.abort();
    this.beacon.end();
    this.board.clear();
    this.engine?.close();
    this.engine = undefined;
    this.stalled.value = false;
  }

  /** Lets the end play out of the buffer, then says so; until what it returns is called. */
  finish(done: () => void): () => void {
    if (this.engine?.mode !== 'hls') {
      done();
      return () => {};
    }
    const late = setTimeout(done, PLAY_OUT_MS);
    // What stands still now will not go on.
    const over = effect(() => void ((this.stalled.value || this.delivery.value.over) && done()));
    return () => {
      clearTimeout(late);
      over();
    };
  }

  choose(mode: Mode): void {
    this.watch = new PictureWatch(performance.now());
    this.away = false;
    this.happened({ what: 'chosen', mode });
  }

  chooseQuality(rendition: string): void {
    this.quality = rendition;
    this.engine?.choose(rendition);
  }

  goLive(): void {
    this.away = false;
    this.goBack = 0;
    this.engine?.goLive();
    this.play();
  }

  /** Goes to a time of the video, as far as there is a past. */
  seek(time: number): void {
    const past = this.engine?.past();
    if (past === undefined) return;
    this.away = time < past.live - LIVE_WITHIN_S;
    this.engine?.seek(Math.min(Math.max(time, past.start), past.live));
  }

  /** Forward, or back by less than nothing. Real time has no past, but HLS has. */
  skip(seconds: number): void {
    if (this.engine?.mode !== 'realtime') return this.seek(this.video.currentTime + seconds);
    if (seconds >= 0) return;
    this.choose('hls');
    this.goBack = -seconds;
  }

  play(): void {
    this.video.play().catch((error: DOMException) => {
      // AbortError: another source came meanwhile, whose own play() counts.
      if (error.name === 'NotAllowedError') this.blocked.value = true;
    });
  }

  private happened(happened: Happened): void {
    const before = this.delivery.value;
    const { delivery, connect } = next(before, happened);
    this.delivery.value = delivery;
    if (connect === undefined) return;
    if (happened.what === 'silence') this.beacon.failed('network', performance.now());
    // A connection that is tried again is the same playback.
    if (happened.what === 'chosen' || delivery.using !== before.using) this.beacon.begin(delivery.using, performance.now());
    this.closeEngine();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(connect.mode), connect.afterMs);
  }

  private open(mode: Mode): void {
    this.watch.restart();
    const told: Told = {
      lost: (loss) => this.lost(mode, loss),
      renditions: (now) => (this.renditions.value = now),
      cues: (cues, all) => (all ? this.board.replace(cues) : cues.forEach((cue) => this.board.put(cue))),
    };
    this.engine =
      mode === 'hls'
        ? openHls(this.video, this.addresses.hls, this.quality, told)
        : openWhep(this.video, this.addresses.whep, this.quality, told);
    if (this.wantsToPlay) this.play();
  }

  private lost(mode: Mode, { code, cause }: Loss): void {
    console.info(`regie: ${mode} was lost: ${cause}`);
    if (code !== 'over') this.beacon.failed(code, performance.now());
    this.happened({ what: 'lost', code });
  }

  private closeEngine(): void {
    this.board.clear();
    this.renditions.value = undefined;
    if (this.engine === undefined) return;
    if (this.picture.value) this.freeze();
    this.engine.close();
    this.engine = undefined;
  }

  private figures() {
    const figures = this.engine?.figures() ?? { bytes: 0 };
    // Who chose to be behind says nothing of the delivery.
    return this.away ? { ...figures, latencyMs: undefined } : figures;
  }

  private pictureShown(shown: Shown): void {
    if (this.engine === undefined) return;
    if (!this.blocked.value) this.beacon.picture(performance.now());
    if (this.board.idle) return;
    this.shownAt = shown.at;
    this.board.at({ rtp: shown.rtp, date: this.engine.date(shown.mediaTime) });
  }

  /** Tells the page, and whoever listens to the video's event. */
  private cueChanged(change: CueChange): void {
    const { what, ...cue } = change;
    const others = this.cues.value.filter((c) => c.id !== cue.id);
    this.cues.value = what === 'shown' ? [...others, cue] : others;
    this.video.dispatchEvent(new CustomEvent('regie-cue', { bubbles: true, detail: { ...change, at: this.shownAt } }));
  }

  private look(): void {
    const now = performance.now();
    const wanted = this.wantsToPlay && !this.blocked.value;
    if (!wanted || document.hidden) this.watch.excuse(now);
    const seen = this.watch.look(this.engine?.progress() ?? 0, now);
    if (seen.moved && this.engine !== undefined) {
      this.picture.value = true;
      if (this.goBack > 0) this.skipFromRealTime();
      this.happened({ what: 'picture' });
    }
    this.beacon.look({ moved: seen.moved, wanted, hidden: document.hidden }, now);
    this.stalled.value = seen.silentMs >= TOLD_MS && !this.delivery.value.over; // the page hears of the end a little later
    if (seen.silentMs >= SILENCE_MS) this.happened({ what: 'silence' });
    this.behind.value = Math.floor(this.engine?.behind() ?? 0);
    this.delay.value = this.engine?.delay();
    const place = (this.place.value = this.whereabouts());
    if (wanted && (place === undefined || place.live - place.now < LIVE_WITHIN_S)) this.away = false;
  }

  private skipFromRealTime(): void {
    const back = this.goBack;
    this.goBack = 0;
    this.seek(this.video.currentTime - back);
  }

  private whereabouts(): Place | undefined {
    const past = this.engine?.past();
    const now = this.video.currentTime;
    return past && { ...past, now, date: this.engine?.date(now) };
  }
}

/** 128 random bits in hex. crypto.randomUUID is there with https only. */
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
