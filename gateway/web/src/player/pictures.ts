// Calls back with each picture that the video shows, and what is known of it.

export interface Shown {
  /** Milliseconds since 1970 at which it is on the screen. */
  at: number;
  /** Its place in the video, in seconds. */
  mediaTime: number;
  /** Of WebRTC. */
  rtp?: number | undefined;
}

/** How often to look where the browser cannot tell of each picture. */
const LOOK_MS = 100;

/** Until the function that it returns is called. */
export function eachPicture(video: HTMLVideoElement, then: (shown: Shown) => void): () => void {
  if (!('requestVideoFrameCallback' in video)) {
    const timer = setInterval(() => {
      const { currentTime, readyState } = video as HTMLVideoElement;
      if (readyState >= 2) then({ at: performance.timeOrigin + performance.now(), mediaTime: currentTime });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }
  let handle = 0;
  const next = () => {
    handle = video.requestVideoFrameCallback((now, picture) => {
      then({
        at: performance.timeOrigin + Math.max(now, picture.expectedDisplayTime),
        mediaTime: picture.mediaTime,
        rtp: picture.rtpTimestamp,
      });
      next();
    });
  };
  next();
  return () => video.cancelVideoFrameCallback(handle);
}
