// One way of getting the picture into the video element. An engine begins when
// it is opened and tells once when it is lost; it never reconnects by itself.
import type { Mode } from './delivery';

export interface Loss {
  /** Asking again the same way is no use: 4xx, no codec, no WebRTC. */
  refused: boolean;
  /** For the console and support; people read the page's own words. */
  cause: string;
}

export interface Engine {
  readonly mode: Mode;
  /** Grows while pictures are shown; that it stands still is how a stall is seen. */
  progress(): number;
  /** Seconds from the server's live edge to the screen, when that is known. */
  delay(): number | undefined;
  /** Seconds further behind than this way of playing needs to be. */
  behind(): number;
  goLive(): void;
  close(): void;
}

export type OpenEngine = (video: HTMLVideoElement, url: string, lost: (loss: Loss) => void) => Engine;
