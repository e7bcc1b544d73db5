// Real time by WHEP: one POST with an offer, no trickle (the server's address is
// in its answer and the browser's is found by the first check), one DELETE when
// the viewer leaves.
import type { Engine, Loss } from './engine';

/** The server's Location header as an absolute URL; it is a bare path. */
export const resourceUrl = (location: string | null, asked: string): string | undefined =>
  location === null ? undefined : new URL(location, asked).href;

/**
 * Asks for stereo. Without it browsers decode Opus to one channel (RFC 7587 §7:
 * the receiver says what it prefers).
 */
export const askForStereo = (sdp: string): string => {
  const opus = /a=rtpmap:(\d+) opus\/48000\/2/i.exec(sdp)?.[1];
  if (opus === undefined) return sdp;
  return sdp.replace(new RegExp(`(a=fmtp:${opus} (?!.*stereo=1)[^\r\n]*)`), '$1;stereo=1');
};

/** Whether a status means that asking again the same way is no use. */
export const isRefusal = (status: number): boolean => (status >= 400 && status < 500) || status === 503;

class WhepViewer implements Engine {
  readonly mode = 'realtime' as const;
  private readonly pc = new RTCPeerConnection();
  private readonly leaving = new AbortController();
  private resource: string | undefined;
  private over = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly lost: (loss: Loss) => void,
  ) {
    const stream = new MediaStream();
    this.pc.ontrack = ({ track }) => stream.addTrack(track);
    this.pc.onconnectionstatechange = () => {
      const state = this.pc.connectionState;
      if (state === 'failed' || state === 'closed') this.end({ refused: false, cause: `connection ${state}` });
    };
    video.srcObject = stream;
    // The page may go without closing us: leave then, too.
    addEventListener('pagehide', this.leave, { signal: this.leaving.signal });
    this.connect().catch((error: unknown) => this.end({ refused: false, cause: String(error) }));
  }

  private async connect(): Promise<void> {
    for (const kind of ['video', 'audio']) this.pc.addTransceiver(kind, { direction: 'recvonly' });
    const offer = await this.pc.createOffer();
    const sdp = askForStereo(offer.sdp ?? '');
    await this.pc.setLocalDescription({ type: 'offer', sdp });

    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: sdp,
      signal: this.leaving.signal,
    });
    if (response.status !== 201) {
      return this.end({ refused: isRefusal(response.status), cause: `the server answered ${response.status}` });
    }
    this.resource = resourceUrl(response.headers.get('location'), response.url);
    const answer = await response.text();
    if (this.over) return this.leave();
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
    this.watchTransport();
  }

  // When the server lets us go, DTLS closes within a moment. The connection's
  // own state would take 7 s to doubt and 17 s to fail.
  private watchTransport(): void {
    for (const { transport } of this.pc.getReceivers()) {
      transport?.addEventListener('statechange', () => {
        const { state } = transport;
        if (state === 'closed' || state === 'failed') this.end({ refused: false, cause: `DTLS ${state}` });
      });
    }
  }

  progress(): number {
    return this.video.getVideoPlaybackQuality().totalVideoFrames;
  }

  delay(): number | undefined {
    return undefined; // below what is worth a number
  }

  behind(): number {
    return 0;
  }

  goLive(): void {
    void this.video.play().catch(() => {}); // a stream plays on from now
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.leave();
    this.pc.close();
    this.video.srcObject = null;
  }

  private readonly leave = (): void => {
    this.leaving.abort();
    if (this.resource === undefined) return;
    // keepalive: the request outlives the page.
    void fetch(this.resource, { method: 'DELETE', keepalive: true }).catch(() => {});
    this.resource = undefined;
  };

  private end(loss: Loss): void {
    if (this.over) return;
    this.close();
    this.lost(loss);
  }
}

export function openWhep(video: HTMLVideoElement, url: string, lost: (loss: Loss) => void): Engine {
  return new WhepViewer(video, url, lost);
}
