// LL-HLS by hls.js. Native HLS plays only where hls.js cannot: Chromium answers
// "maybe" to canPlayType and then plays 4 to 8 s behind, without parts.
import Hls, { type ErrorData, type HlsConfig, type Level, type LevelDetails } from 'hls.js';
import { fromDateRange } from './cues';
import type { Engine, Loss, Told } from './engine';

const AUTO = -1;

/** What a line is thought to carry before anything was measured, in bit/s. */
const guess = () => ((navigator as { connection?: { downlink?: number } }).connection?.downlink ?? 5) * 1e6;

const config = (): Partial<HlsConfig> => ({
  lowLatencyMode: true,
  // After a stall the target grows; this brings it back. Faster is audible.
  maxLiveSyncPlaybackRate: 1.05,
  // The program never ends by its length: an infinite duration is how the
  // controls know that it is live.
  liveDurationInfinity: true,
  // What lies further back is loaded again when somebody rewinds.
  backBufferLength: 30,
  // fMP4 passes through as it is, so a worker saves nothing, and the Content
  // Security Policy needs no worker-src.
  enableWorker: false,
  // The rendition to begin with comes from what the browser knows of the line. To
  // measure first would be a part of the lowest one, and a second of it on screen.
  startLevel: AUTO,
  testBandwidth: false,
  abrEwmaDefaultEstimate: guess(),
  // Cues are read from the playlist; the text track that mirrors Safari is not.
  enableDateRangeMetadataCues: false,
});

const LATE_START_S = 1;
/** With more than this in the buffer, a chosen rendition would be seen too late. */
const SOON_S = 4;

export const canPlay = (video: HTMLVideoElement): boolean =>
  Hls.isSupported() || video.canPlayType('application/vnd.apple.mpegurl') !== '';

export function openHls(video: HTMLVideoElement, url: string, rendition: string, told: Told): Engine {
  return Hls.isSupported() ? new HlsJs(video, url, rendition, told) : openNative(video, url, told);
}

/** As the server names it: the shorter side in lines. */
const nameOf = ({ width, height }: Level): string => `${Math.min(width, height)}p`;

class HlsJs implements Engine {
  readonly mode = 'hls' as const;
  private readonly hls = new Hls(config());
  private mediaErrors = 0;
  private bytes = 0;
  private live = false;

  constructor(
    private readonly video: HTMLVideoElement,
    url: string,
    private chosen: string,
    private readonly told: Told,
  ) {
    const { hls } = this;
    hls.on(Hls.Events.ERROR, (_, error) => this.failed(error));
    // Of a part too.
    hls.on(Hls.Events.FRAG_LOADED, (_, { payload }) => (this.bytes += payload.byteLength));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      hls.loadLevel = this.index(this.chosen);
      this.tellRenditions();
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, () => this.tellRenditions());
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => this.looked(details));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => this.tellCues(details));
    hls.loadSource(url);
    hls.attachMedia(video);
    video.addEventListener('playing', this.catchUp, { once: true });
  }

  // A slow start leaves the viewer behind without having asked for it. What is
  // loaded already is skipped; a stall later keeps the place.
  private readonly catchUp = () => {
    const live = this.hls.liveSyncPosition;
    if (live !== null && live - this.video.currentTime > LATE_START_S && isBuffered(this.video, live)) this.video.currentTime = live;
  };

  // Who comes after the end would be shown the last minutes once more.
  private looked({ live }: LevelDetails): void {
    this.live ||= live;
    if (!this.live) this.told.lost({ code: 'over', cause: 'the program has ended' });
  }

  private failed(error: ErrorData): void {
    if (!error.fatal) return;
    // A decoder that choked is given one fresh SourceBuffer before we give up.
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && this.mediaErrors++ === 0) return this.hls.recoverMediaError();
    this.told.lost(lossOf(error));
  }

  /** Of a rendition among hls.js's levels; -1, which is automatic, for all others. */
  private index(name: string): number {
    return this.hls.levels.findIndex((level) => nameOf(level) === name);
  }

  private tellRenditions(): void {
    const { levels, currentLevel } = this.hls;
    const playing = levels[currentLevel];
    const renditions = levels
      .filter((l) => l.height > 0)
      .map((l) => ({ name: nameOf(l), width: l.width, height: l.height, kbps: Math.round(l.bitrate / 1000) }))
      .sort((a, b) => b.height - a.height);
    this.told.renditions({
      renditions,
      using: playing && nameOf(playing),
      chosen: this.index(this.chosen) < 0 ? 'auto' : this.chosen,
    });
  }

  private tellCues({ dateRanges }: LevelDetails): void {
    const cues = Object.values(dateRanges).map((range) => range && fromDateRange(range.attr));
    this.told.cues(cues.filter((c) => c !== undefined), true);
  }

  choose(rendition: string): void {
    this.chosen = rendition;
    const level = this.index(rendition);
    const ahead = this.hls.mainForwardBufferInfo?.len ?? 0;
    // At the live edge what comes next is soon enough, and nothing is thrown away.
    if (ahead > SOON_S) this.hls.nextLevel = level;
    else this.hls.loadLevel = level;
    this.tellRenditions();
  }

  progress = () => this.video.currentTime;
  delay = () => (this.hls.latency > 0 ? this.hls.latency : undefined);
  behind = () => Math.max(0, (this.delay() ?? 0) - (this.hls.targetLatency ?? 0));
  past = () => pastOf(this.video, this.hls.liveSyncPosition);

  figures() {
    const { hls } = this;
    const delay = this.delay();
    const bitrate = hls.levels[hls.currentLevel]?.bitrate;
    return {
      bytes: this.bytes,
      latencyMs: delay && delay * 1000,
      bufferedMs: (hls.mainForwardBufferInfo?.len ?? 0) * 1000,
      kbps: bitrate && bitrate / 1000,
      throughputKbps: hls.bandwidthEstimate / 1000,
    };
  }

  date(mediaTime: number): number | undefined {
    const date = this.hls.playingDate?.getTime();
    return date && date + (mediaTime - this.video.currentTime) * 1000;
  }

  seek(time: number): void {
    this.video.removeEventListener('playing', this.catchUp); // this viewer has a place
    this.video.currentTime = time;
  }

  goLive(): void {
    if (this.hls.liveSyncPosition !== null) this.video.currentTime = this.hls.liveSyncPosition;
  }

  close(): void {
    this.video.removeEventListener('playing', this.catchUp);
    this.hls.destroy();
  }
}

function pastOf({ seekable }: HTMLVideoElement, live: number | null): { start: number; live: number } | undefined {
  const n = seekable.length;
  return n === 0 ? undefined : { start: seekable.start(0), live: live ?? seekable.end(n - 1) };
}

function isBuffered({ buffered }: HTMLVideoElement, time: number): boolean {
  for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= time && time < buffered.end(i)) return true;
  return false;
}

function lossOf(error: ErrorData): Loss {
  const status = error.response?.code ?? 0;
  const code = status >= 400 && status < 500 ? 'refused' : error.type === Hls.ErrorTypes.NETWORK_ERROR ? 'network' : 'decode';
  return { code, cause: `${error.details} ${status || ''}`.trim() };
}

function openNative(video: HTMLVideoElement, url: string, { lost }: Told): Engine {
  const failed = () => lost({ code: video.error?.code === MediaError.MEDIA_ERR_DECODE ? 'decode' : 'network', cause: `native player: ${video.error?.message ?? 'unknown'}` });
  const looked = () => Number.isFinite(video.duration) && lost({ code: 'over', cause: 'the program has ended' });
  const edge = () => (video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : video.currentTime);
  video.addEventListener('error', failed);
  video.addEventListener('loadedmetadata', looked);
  video.src = url;
  return {
    mode: 'hls',
    progress: () => video.currentTime,
    delay: () => undefined, // the native player does not say where the edge is
    behind: () => Math.max(0, edge() - video.currentTime),
    past: () => pastOf(video, null),
    figures: () => ({ bytes: 0 }), // nor what it loads
    date: () => undefined,
    seek: (time) => (video.currentTime = time),
    goLive: () => (video.currentTime = edge()),
    choose: () => {}, // it chooses by itself, and does not say what
    close: () => {
      video.removeEventListener('error', failed);
      video.removeEventListener('loadedmetadata', looked);
      video.removeAttribute('src');
      video.load();
    },
  };
}
