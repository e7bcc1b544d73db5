// One way of getting the picture into the video element. An engine begins when
// it is opened and tells once when it is lost; it never reconnects by itself.
import type { TimedCue } from './cues';
import type { Mode } from './delivery';

export interface Loss {
  /**
   * network and decode may mend themselves. refused: asking again the same way is
   * no use (4xx, no codec, no WebRTC). full: the server has no room now. over: there
   * is nothing to play any more, or not yet.
   */
  code: 'network' | 'decode' | 'refused' | 'full' | 'over';
  /** For the console and support; people read the page's own words. */
  cause: string;
}

export interface Rendition {
  name: string;
  width: number;
  height: number;
  kbps: number;
}

/** What a viewer can choose from, the largest first. */
export interface Renditions {
  renditions: Rendition[];
  /** What plays now. */
  using?: string | undefined;
  /** A name, or "auto". */
  chosen: string;
}

/** What an engine measures. Sums are since it was opened. */
export interface Figures {
  /** Media received. */
  bytes: number;
  /** How long pictures were missing, as the browser counts it. */
  frozenMs?: number | undefined;
  /** How far behind the program the picture is. */
  latencyMs?: number | undefined;
  bufferedMs?: number | undefined;
  /** Of the rendition that plays. */
  kbps?: number | undefined;
  throughputKbps?: number | undefined;
}

export interface Engine {
  readonly mode: Mode;
  /** Grows while pictures are shown; that it stands still is how a stall is seen. */
  progress(): number;
  /** Seconds from the server's live edge to the screen, when that is known. */
  delay(): number | undefined;
  /** Seconds further behind than this way of playing needs to be. */
  behind(): number;
  /** The past that can be played, in the video's seconds; undefined where there is none. */
  past(): { start: number; live: number } | undefined;
  figures(): Figures;
  /** When the picture was made, in ms since 1970; mediaTime is its place in the video. */
  date(mediaTime: number): number | undefined;
  /** Goes to a place in the past, or back to now. */
  seek(time: number): void;
  goLive(): void;
  /** Plays a rendition by its name from soon on, or "auto". */
  choose(rendition: string): void;
  close(): void;
}

/** What an engine tells. */
export interface Told {
  lost(loss: Loss): void;
  renditions(now: Renditions): void;
  /** All: these are the cues there are. One: this one is new, or changed. */
  cues(cues: TimedCue[], all: boolean): void;
}

export type OpenEngine = (video: HTMLVideoElement, url: string, rendition: string, told: Told) => Engine;
