// LL-HLS by hls.js. Native HLS plays only where hls.js cannot: Chromium answers
// "maybe" to canPlayType and then plays 4 to 8 s behind, without parts.
import Hls, { type ErrorData, type HlsConfig } from 'hls.js';
import type { Engine, Loss } from './engine';

const config: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // After a stall the target grows; this brings it back. Faster is audible.
  maxLiveSyncPlaybackRate: 1.05,
  // The program never ends by its length: an infinite duration is how the
  // controls know that it is live.
  liveDurationInfinity: true,
  backBufferLength: 30,
  // fMP4 passes through as it is, so a worker saves nothing, and the Content
  // Security Policy needs no worker-src.
  enableWorker: false,
  // One rendition: nothing to measure before the first picture.
  startLevel: 0,
  testBandwidth: false,
};

const LATE_START_S = 1;

export const canPlay = (video: HTMLVideoElement): boolean =>
  Hls.isSupported() || video.canPlayType('application/vnd.apple.mpegurl') !== '';

export function openHls(video: HTMLVideoElement, url: string, lost: (loss: Loss) => void): Engine {
  return Hls.isSupported() ? openHlsJs(video, url, lost) : openNative(video, url, lost);
}

function openHlsJs(video: HTMLVideoElement, url: string, lost: (loss: Loss) => void): Engine {
  const hls = new Hls(config);
  let mediaErrors = 0;
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    // A decoder that choked is given one fresh SourceBuffer before we give up.
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && mediaErrors++ === 0) return hls.recoverMediaError();
    lost(lossOf(error));
  });
  hls.loadSource(url);
  hls.attachMedia(video);

  // A slow start leaves the viewer behind without having asked for it. What is
  // loaded already is skipped; a stall later keeps the place.
  const catchUp = () => {
    const live = hls.liveSyncPosition;
    if (live !== null && live - video.currentTime > LATE_START_S && isBuffered(video, live)) video.currentTime = live;
  };
  video.addEventListener('playing', catchUp, { once: true });

  const delay = () => (hls.latency > 0 ? hls.latency : undefined);
  return {
    mode: 'hls',
    progress: () => video.currentTime,
    delay,
    behind: () => Math.max(0, (delay() ?? 0) - (hls.targetLatency ?? 0)),
    goLive: () => {
      if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition;
    },
    close: () => {
      video.removeEventListener('playing', catchUp);
      hls.destroy();
    },
  };
}

function isBuffered({ buffered }: HTMLVideoElement, time: number): boolean {
  for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= time && time < buffered.end(i)) return true;
  return false;
}

function lossOf(error: ErrorData): Loss {
  const status = error.response?.code ?? 0;
  return { refused: status >= 400 && status < 500, cause: `${error.details} ${status || ''}`.trim() };
}

function openNative(video: HTMLVideoElement, url: string, lost: (loss: Loss) => void): Engine {
  const failed = () => lost({ refused: false, cause: `native player: ${video.error?.message ?? 'unknown'}` });
  const edge = () => (video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : video.currentTime);
  video.addEventListener('error', failed);
  video.src = url;
  return {
    mode: 'hls',
    progress: () => video.currentTime,
    delay: () => undefined, // the native player does not say where the edge is
    behind: () => Math.max(0, edge() - video.currentTime),
    goLive: () => (video.currentTime = edge()),
    close: () => {
      video.removeEventListener('error', failed);
      video.removeAttribute('src');
      video.load();
    },
  };
}
