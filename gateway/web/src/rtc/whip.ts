// Sends camera and microphone by WHIP (RFC 9725). The connection comes back by
// itself; tracks are swapped without negotiating.
import { signal } from '@preact/signals';
import { Problem } from '../app/api';
import { Link, Loss } from './link';
import { exchange, prefer } from './peer';
import { type Report, type Quality, Sending } from './quality';
import { h264First, speech } from './sdp';

/** What lets us publish: the answer to me/publish. */
export interface Grant {
  token: string;
  whip: string;
  ice_servers?: RTCIceServer[] | null;
}

export interface Tracks {
  video: MediaStreamTrack | undefined;
  audio: MediaStreamTrack | undefined;
}

/** What 720p30 may take; the server tells the browser where to begin. */
const VIDEO_BPS = 2_500_000;
const MEASURE_MS = 2_000;

export class Publisher {
  readonly quality = signal<Quality | undefined>(undefined);
  private readonly link: Link;
  private senders: Record<keyof Tracks, RTCRtpSender> | undefined;
  private tracks: Tracks = { video: undefined, audio: undefined };

  constructor(private readonly grant: () => Promise<Grant>) {
    this.link = new Link({ open: (lost, abort) => this.open(lost, abort) });
  }

  get state() {
    return this.link.state;
  }

  /** Sends these from now on, and connects if it must. */
  send(tracks: Tracks): void {
    this.tracks = tracks;
    for (const kind of ['video', 'audio'] as const) void this.senders?.[kind].replaceTrack(tracks[kind] ?? null);
    this.link.start();
  }

  now = (): void => this.link.now();

  close(): void {
    this.link.close();
    this.senders = undefined;
    this.quality.value = undefined;
  }

  private async open(lost: (loss: Loss) => void, abort: AbortSignal) {
    const grant = await this.grant().catch((error: unknown) => {
      // Without a place on the stage there is nothing to try for.
      const final = error instanceof Problem && [401, 403, 404, 410].includes(error.status);
      throw new Loss(error instanceof Error ? error.message : String(error), final);
    });
    const pc = new RTCPeerConnection({ iceServers: grant.ice_servers ?? [], bundlePolicy: 'max-bundle' });
    const video = pc.addTransceiver(this.tracks.video ?? 'video', {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: VIDEO_BPS, maxFramerate: 30 }],
    });
    const audio = pc.addTransceiver(this.tracks.audio ?? 'audio', { direction: 'sendonly' });
    prefer(video, 'video', h264First);
    await degrade(video.sender, 'maintain-resolution'); // before the first picture
    const attempt = await exchange({ pc, url: grant.whip, token: grant.token, theirs: speech }, lost, abort);
    this.senders = { video: video.sender, audio: audio.sender };
    this.send(this.tracks); // one may have been swapped meanwhile
    const timer = this.measure(pc, video.sender);
    return { close: () => (clearInterval(timer), attempt.close()) };
  }

  // The picture keeps its size until the way is clearly too narrow: then a small
  // picture that moves is better than a large one that does not.
  private measure(pc: RTCPeerConnection, sender: RTCRtpSender) {
    const sending = new Sending();
    return setInterval(() => {
      void pc.getStats().then((stats) => {
        this.quality.value = sending.read(stats.values() as Iterable<Report>);
        void degrade(sender, sending.starved ? 'balanced' : 'maintain-resolution');
      }, () => {});
    }, MEASURE_MS);
  }
}

async function degrade(sender: RTCRtpSender, preference: RTCDegradationPreference): Promise<void> {
  const parameters = sender.getParameters();
  if (parameters.degradationPreference === preference) return;
  parameters.degradationPreference = preference;
  await sender.setParameters(parameters).catch(() => {}); // an older browser knows none
}
