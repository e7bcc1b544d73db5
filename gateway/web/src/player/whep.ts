// Real time by WHEP: one OPTIONS for the servers that help through firewalls, one
// POST with an offer, no trickle (the server's address is in its answer and the
// browser's is found by the first check), one DELETE when the viewer leaves. A data channel brings cues and the choice of renditions.
import { iceServersOf } from '../rtc/ice';
import { fromMessage } from './cues';
import type { Engine, Figures, Loss, Renditions, Told } from './engine';

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

/** Why a status other than 201 ends the attempt, and whether asking again helps: a 404 to come back after says that nothing is on air. */
export const codeOf = (status: number, retryAfter: string | null): Loss['code'] =>
  status === 404 && retryAfter !== null ? 'over' : status === 503 ? 'full' : status >= 400 && status < 500 ? 'refused' : 'network';

/** How old figures may be: getStats walks through all of the connection. */
const FRESH_MS = 1_000;

class WhepViewer implements Engine {
  readonly mode = 'realtime' as const;
  private readonly pc = new RTCPeerConnection();
  private readonly channel = this.pc.createDataChannel('regie');
  private readonly leaving = new AbortController();
  private readonly meter = new Meter();
  private measuredAt = 0;
  private renditions: Renditions | undefined;
  private resource: string | undefined;
  private over = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private chosen: string,
    private readonly told: Told,
  ) {
    const stream = new MediaStream();
    this.pc.ontrack = ({ track }) => stream.addTrack(track);
    this.pc.onconnectionstatechange = () => {
      const state = this.pc.connectionState;
      if (state === 'failed' || state === 'closed') this.end({ code: 'network', cause: `connection ${state}` });
    };
    this.channel.onmessage = ({ data }) => this.heard(JSON.parse(String(data)));
    video.srcObject = stream;
    // The page may go without closing us: leave then, too.
    addEventListener('pagehide', this.leave, { signal: this.leaving.signal });
    this.connect().catch((error: unknown) => this.end({ code: 'network', cause: String(error) }));
  }

  private async connect(): Promise<void> {
    this.pc.setConfiguration({ iceServers: await iceServersOf(this.url, this.leaving.signal) });
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
      return this.end({ code: codeOf(response.status, response.headers.get('retry-after')), cause: `the server answered ${response.status}` });
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
        if (state === 'closed' || state === 'failed') this.end({ code: 'network', cause: `DTLS ${state}` });
      });
    }
  }

  private heard(message: { type?: unknown }): void {
    if (message.type === 'renditions') {
      const first = this.renditions === undefined;
      this.renditions = message as unknown as Renditions;
      this.told.renditions(this.renditions);
      if (first && this.chosen !== 'auto') this.choose(this.chosen);
      return;
    }
    const cue = fromMessage(message);
    if (cue) this.told.cues([cue], false);
  }

  choose(rendition: string): void {
    this.chosen = rendition;
    const known = rendition === 'auto' || this.renditions?.renditions.some((r) => r.name === rendition);
    if (known && this.channel.readyState === 'open') this.channel.send(JSON.stringify({ type: 'choose', rendition }));
  }

  progress = () => this.video.getVideoPlaybackQuality().totalVideoFrames;
  delay = () => undefined; // below what is worth a number
  behind = () => 0;
  past = () => undefined;
  date = () => undefined; // its pictures bear RTP times

  /** The latest; new ones are on their way when these are old. */
  figures(): Figures {
    const now = performance.now();
    if (now - this.measuredAt >= FRESH_MS && !this.over) {
      this.measuredAt = now;
      void this.pc.getStats().then((stats) => this.meter.read(stats.values() as Iterable<Stats>), () => {});
    }
    const using = this.renditions?.renditions.find((r) => r.name === this.renditions?.using);
    return { ...this.meter.figures, kbps: using?.kbps };
  }

  seek(): void {}

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

  // The player closes us, after it has kept the last picture.
  private end(loss: Loss): void {
    if (!this.over) this.told.lost(loss);
  }
}

/** What of RTCStatsReport is read. Times are in seconds. */
export interface Stats {
  type: string;
  kind?: string;
  bytesReceived?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  totalDecodeTime?: number;
  framesDecoded?: number;
  totalFreezesDuration?: number;
  nominated?: boolean;
  state?: string;
  currentRoundTripTime?: number;
}

/**
 * Makes figures of statistics. The latency is what can be known here: the way
 * (half the round trip), the wait in the jitter buffer and the decoder, lately.
 * What happened before the server sent is the same for every viewer, and the
 * server's own metrics have it.
 */
export class Meter {
  figures: Figures = { bytes: 0 };
  private last: Required<Pick<Stats, 'jitterBufferDelay' | 'jitterBufferEmittedCount' | 'totalDecodeTime' | 'framesDecoded'>> = {
    jitterBufferDelay: 0, jitterBufferEmittedCount: 0, totalDecodeTime: 0, framesDecoded: 0,
  };

  read(report: Iterable<Stats>): void {
    let bytes = 0;
    let frozenMs: number | undefined;
    let tripS: number | undefined;
    let waitS: number | undefined;
    for (const s of report) {
      if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') tripS = s.currentRoundTripTime;
      if (s.type !== 'inbound-rtp') continue;
      bytes += s.bytesReceived ?? 0;
      if (s.kind !== 'video') continue;
      frozenMs = (s.totalFreezesDuration ?? 0) * 1000;
      waitS = this.waited(s);
    }
    const latencyMs = waitS === undefined || tripS === undefined ? undefined : (waitS + tripS / 2) * 1000;
    this.figures = { bytes, frozenMs, latencyMs };
  }

  /** Mean seconds of a frame in the browser since the last report. */
  private waited(s: Stats): number | undefined {
    const { jitterBufferDelay = 0, jitterBufferEmittedCount = 0, totalDecodeTime = 0, framesDecoded = 0 } = s;
    const emitted = jitterBufferEmittedCount - this.last.jitterBufferEmittedCount;
    const decoded = framesDecoded - this.last.framesDecoded;
    const held = jitterBufferDelay - this.last.jitterBufferDelay;
    const decoding = totalDecodeTime - this.last.totalDecodeTime;
    this.last = { jitterBufferDelay, jitterBufferEmittedCount, totalDecodeTime, framesDecoded };
    return emitted > 0 && decoded > 0 ? held / emitted + decoding / decoded : undefined;
  }
}

export function openWhep(video: HTMLVideoElement, url: string, rendition: string, told: Told): Engine {
  return new WhepViewer(video, url, rendition, told);
}
