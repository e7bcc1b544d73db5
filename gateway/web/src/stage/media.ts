// Camera, microphone, screen and loudspeaker of this browser. A device that goes
// is replaced by another without dropping; a choice is remembered.
import { computed, effect, signal } from '@preact/signals';
import { type DeviceTrouble, remember, remembered, troubleOf } from './devices';
import { Level } from './level';

type Kind = 'camera' | 'microphone';
const INPUT = { camera: 'videoinput', microphone: 'audioinput' } as const;

const PICTURE: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };

export class Media {
  readonly devices = signal<MediaDeviceInfo[]>([]);
  readonly camera = signal<MediaStreamTrack | undefined>(undefined);
  readonly microphone = signal<MediaStreamTrack | undefined>(undefined);
  readonly screen = signal<MediaStream | undefined>(undefined);
  readonly trouble = signal<{ [kind in Kind]?: DeviceTrouble }>({});
  readonly opening = signal(false);
  readonly choice = signal(remembered(globalThis.localStorage));
  readonly muted = computed(() => this.choice.value.muted ?? false);
  readonly cameraOff = computed(() => this.choice.value.cameraOff ?? false);
  readonly level = new Level();
  /** The self view. */
  readonly view = computed(() => (this.camera.value ? new MediaStream([this.camera.value]) : undefined));
  private stops: (() => void)[] = [];

  /** Asks for both; what is not to be had is told in `trouble`. */
  async open(): Promise<void> {
    if (this.opening.value) return;
    this.opening.value = true;
    this.trouble.value = {};
    if (this.stops.length === 0) this.follow();
    // One question for both: a browser that asks twice is a browser that is denied.
    const both = await this.ask({ video: this.constraints('camera'), audio: this.constraints('microphone') });
    if (both instanceof MediaStream) {
      this.take('camera', both.getVideoTracks()[0]);
      this.take('microphone', both.getAudioTracks()[0]);
    } else {
      await this.reopenAfter('camera', both);
      await this.reopenAfter('microphone', both);
    }
    await this.list();
    this.opening.value = false;
  }

  async choose(kind: Kind | 'speaker', id: string): Promise<void> {
    this.choice.value = { ...this.choice.value, [kind]: id };
    if (kind !== 'speaker') await this.reopen(kind);
  }

  setMuted(muted: boolean): void {
    this.choice.value = { ...this.choice.value, muted };
  }

  setCameraOff(cameraOff: boolean): void {
    this.choice.value = { ...this.choice.value, cameraOff };
  }

  /** Shares a screen, with its sound where the browser can. False: the person chose none. */
  async share(): Promise<boolean> {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 30 } }, audio: true });
      const picture = stream.getVideoTracks()[0];
      if (!picture) return false;
      picture.contentHint = 'detail';
      picture.onended = () => this.unshare(); // by the browser's own bar
      this.screen.value = stream;
      return true;
    } catch {
      return false;
    }
  }

  unshare(): void {
    this.screen.value?.getTracks().forEach((track) => track.stop());
    this.screen.value = undefined;
  }

  close(): void {
    this.unshare();
    for (const kind of ['camera', 'microphone'] as const) this.take(kind, undefined);
    this.stops.forEach((stop) => stop());
    this.stops = [];
  }

  private follow(): void {
    const changed = () => void this.list().then(() => this.heal());
    navigator.mediaDevices?.addEventListener('devicechange', changed);
    this.stops.push(
      () => navigator.mediaDevices?.removeEventListener('devicechange', changed),
      effect(() => remember(globalThis.localStorage, this.choice.value)),
      effect(() => void (this.microphone.value && (this.microphone.value.enabled = !this.muted.value))),
      effect(() => void (this.camera.value && (this.camera.value.enabled = !this.cameraOff.value))),
      effect(() => this.level.of(this.microphone.value)),
    );
    for (const kind of ['camera', 'microphone'] as const) void this.followPermission(kind);
  }

  // Allowed beside the address, which no click on this page would tell us.
  private async followPermission(kind: Kind): Promise<void> {
    const status = await permission(kind);
    if (!status || this.stops.length === 0) return;
    status.onchange = () => {
      if (status.state === 'granted' && this.trouble.peek()[kind] === 'denied') void this.reopen(kind).then(() => this.list());
    };
    this.stops.push(() => (status.onchange = null));
  }

  private async list(): Promise<void> {
    this.devices.value = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  }

  // A device came or went: whoever has none, or whose is gone, is served anew.
  private async heal(): Promise<void> {
    for (const kind of ['camera', 'microphone'] as const) {
      const dead = this[kind].peek()?.readyState !== 'live';
      const any = this.devices.value.some((d) => d.kind === INPUT[kind]);
      if (this.trouble.peek()[kind] === 'denied') continue; // no device answers that
      if (dead && any) await this.reopen(kind);
      else if (dead && this[kind].peek()) this.lose(kind, 'gone');
    }
  }

  // One that was not to be had with the other may be had alone; but nobody is asked
  // a second time what they have just refused.
  private async reopenAfter(kind: Kind, both: DeviceTrouble): Promise<void> {
    const may = both === 'denied' ? (await permission(kind))?.state : undefined;
    if (may === undefined || may === 'granted') await this.reopen(kind);
    else this.lose(kind, 'denied');
  }

  private async reopen(kind: Kind): Promise<void> {
    const ask = (any: boolean) => {
      const constraints = this.constraints(kind, any);
      return this.ask(kind === 'camera' ? { video: constraints } : { audio: constraints });
    };
    // Some cameras open once: the old one must be let go first.
    this[kind].peek()?.stop();
    let got = await ask(false);
    if (got === 'none' && this.choice.peek()[kind]) got = await ask(true); // the chosen one is not here today
    if (got instanceof MediaStream) this.take(kind, got.getTracks()[0]);
    else this.lose(kind, got);
  }

  private async ask(constraints: MediaStreamConstraints): Promise<MediaStream | DeviceTrouble> {
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch (error) {
      return troubleOf(error, isSecureContext && navigator.mediaDevices !== undefined);
    }
  }

  // Exactly the chosen one: Chromium gives another where it is only wished for.
  private constraints(kind: Kind, any = false): MediaTrackConstraints {
    const id = any ? undefined : this.choice.peek()[kind];
    return { ...(kind === 'camera' ? PICTURE : SOUND), ...(id && { deviceId: { exact: id } }) };
  }

  private take(kind: Kind, track: MediaStreamTrack | undefined): void {
    this[kind].peek()?.stop();
    if (track) {
      track.enabled = kind === 'microphone' ? !this.muted.peek() : !this.cameraOff.peek();
      track.onended = () => void this.list().then(() => this.heal()); // unplugged, or taken away
      const { [kind]: _, ...others } = this.trouble.peek();
      this.trouble.value = others;
    }
    this[kind].value = track;
  }

  private lose(kind: Kind, why: DeviceTrouble): void {
    this.trouble.value = { ...this.trouble.peek(), [kind]: why };
    this[kind].value = undefined;
  }
}

/** What the browser says of asking; undefined where it does not say. */
async function permission(kind: Kind): Promise<PermissionStatus | undefined> {
  return navigator.permissions?.query({ name: kind as PermissionName }).catch(() => undefined);
}
