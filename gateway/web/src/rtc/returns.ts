// The return feed: the others' pictures and sounds in fixed slots, and the
// program's picture without sound. Never our own.
import { computed, signal } from '@preact/signals';
import { t } from '../app/i18n';
import { iceServersOf } from './ice';
import { Link, Loss } from './link';
import { exchange, prefer } from './peer';
import { h264First, seesH264 } from './sdp';
import { read, SLOTS } from './slots';

export class Returns {
  /** The stream of each who is carried now. */
  readonly streams = computed(() => {
    const all = new Map<string, MediaStream>();
    for (const [participant, slot] of this.slots.value) {
      const stream = this.tracks.value[slot];
      if (stream) all.set(participant, stream);
    }
    return all;
  });
  /** This browser hears the others, but decodes no picture of theirs. */
  readonly blind = signal(false);
  /** The program's picture; undefined while not connected. */
  readonly program = signal<MediaStream | undefined>(undefined);
  /** Whose pictures stand still, as our link is too thin for them; PROGRAM is one. */
  readonly still = signal<ReadonlySet<string>>(new Set());
  /** Set when the server has ended it for good, in its words. */
  readonly removed = signal<string | undefined>(undefined);
  /** The same person listens elsewhere now. */
  readonly replaced = signal(false);
  private readonly slots = signal<ReadonlyMap<string, number>>(new Map());
  private readonly tracks = signal<MediaStream[]>([]);
  private readonly link: Link;

  constructor(private readonly url: string) {
    this.link = new Link({ open: (lost, abort) => this.open(lost, abort) });
  }

  get state() {
    return this.link.state;
  }

  start = (): void => {
    this.replaced.value = false;
    this.link.start();
  };
  now = (): void => this.link.now();

  close(): void {
    this.link.close();
    this.forget();
  }

  private async open(lost: (loss: Loss) => void, abort: AbortSignal) {
    const pc = new RTCPeerConnection({ iceServers: await iceServersOf(this.url, abort), bundlePolicy: 'max-bundle' });
    this.blind.value = !seesH264(RTCRtpReceiver.getCapabilities('video')?.codecs ?? []);
    const receive = (kind: 'video' | 'audio') => {
      const transceiver = pc.addTransceiver(kind, { direction: 'recvonly' });
      if (kind === 'video') prefer(transceiver, 'video', h264First);
      return transceiver.receiver.track;
    };
    const streams = Array.from({ length: SLOTS }, () => new MediaStream([receive('video'), receive('audio')]));
    const program = new MediaStream([receive('video')]);
    const over = (loss: Loss) => {
      this.forget();
      lost(loss);
    };
    const channel = pc.createDataChannel('regie');
    channel.onmessage = ({ data }) => {
      const told = read(String(data));
      if (told?.type === 'slots') [this.slots.value, this.still.value] = [told.slots, told.still];
      if (told?.type === 'removed') {
        this.removed.value = told.reason;
        over(new Loss(told.reason, true));
      }
      if (told?.type === 'replaced') {
        this.replaced.value = true;
        over(new Loss(t('link.replaced'), true));
      }
    };
    const attempt = await exchange({ pc, url: this.url }, over, abort);
    this.tracks.value = streams;
    this.program.value = program;
    return attempt;
  }

  private forget(): void {
    this.slots.value = new Map();
    this.tracks.value = [];
    this.program.value = undefined;
    this.still.value = new Set();
  }
}
