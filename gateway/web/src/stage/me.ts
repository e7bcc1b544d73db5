// The person at this page on the stage: sends camera and microphone, receives
// the others, shares a screen.
import { computed, effect, signal } from '@preact/signals';
import { api } from '../app/api';
import { Returns } from '../rtc/returns';
import { type Grant, Publisher } from '../rtc/whip';
import type { Person } from './desk';
import type { Media } from './media';
import type { Room } from './room';

/** How a screen is shown: instead of the camera, or in a cell of its own. */
export type ScreenAs = 'picture' | 'cell';

export class Me {
  readonly publisher: Publisher;
  readonly returns: Returns;
  readonly sending = signal(false);
  readonly screenAs = signal<ScreenAs>('picture');
  /** Talks while muted: nobody hears it. */
  readonly talkingMuted: { readonly value: boolean };
  private screen: Publisher | undefined;
  private stops: (() => void)[] = [];
  private lock: WakeLockSentinel | undefined;
  private gaveWay = false;

  constructor(private readonly room: Room, readonly media: Media, readonly id: string) {
    const grant = (screen: boolean) => () => api<Grant>('POST', room.at('me/publish'), { screen });
    this.grantScreen = grant(true);
    this.publisher = new Publisher(grant(false));
    this.returns = new Returns(`/api/v1/${room.at('return')}`);
    this.talkingMuted = computed(() => this.sending.value && this.silenced && media.level.talking.value);
  }

  private readonly grantScreen: () => Promise<Grant>;

  /** Whether nobody hears this person, by whose doing it may be. */
  get silenced(): boolean {
    return this.media.muted.value || (this.room.person(this.id)?.muted ?? false);
  }

  /** Whether viewers would see this person go. */
  get onAir(): boolean {
    return this.sending.value && this.room.desk.value?.phase === 'live' && this.room.person(this.id)?.place === 'on_air';
  }

  /** The picture of a person: what this page sends does not come back to it. */
  pictureOf(p: Person): MediaStream | undefined {
    const { screen, view } = this.media;
    if (this.sending.value && p.id === this.id) return this.screenAs.value === 'picture' ? (screen.value ?? view.value) : view.value;
    if (this.sending.value && p.of === this.id) return screen.value;
    return this.returns.blind.value ? undefined : this.returns.streams.value.get(p.id);
  }

  /** Hears the stage. */
  listen(): void {
    this.returns.start();
    if (this.stops.length === 0) this.follow();
  }

  /** Sends, and is in the room. */
  join(): void {
    this.sending.value = true;
    this.listen();
    void this.stayAwake();
  }

  /** Takes the stage back from another window of the same person. */
  here(): void {
    if (this.gaveWay) this.join();
    this.gaveWay = false;
    this.returns.start();
  }

  leave(): void {
    this.sending.value = false;
    this.publisher.close();
    this.screen?.close();
    this.screen = undefined;
    void this.lock?.release().catch(() => {});
    this.lock = undefined;
  }

  close(): void {
    this.leave();
    this.returns.close();
    this.stops.forEach((stop) => stop());
    this.stops = [];
    this.media.close();
  }

  /** Mutes and unmutes; unmuting also lifts what the host did. */
  setMuted(muted: boolean): void {
    this.media.setMuted(muted);
    void this.room.me(this.id, { self_muted: muted });
  }

  setCameraOff(off: boolean): void {
    this.media.setCameraOff(off);
    void this.room.me(this.id, { self_camera_off: off });
  }

  async share(as: ScreenAs): Promise<void> {
    this.screenAs.value = as;
    await this.media.share();
  }

  private follow(): void {
    const awake = () => void (document.hidden || this.stayAwake());
    const online = () => (this.publisher.now(), this.returns.now());
    document.addEventListener('visibilitychange', awake);
    addEventListener('online', online);
    this.stops.push(
      () => document.removeEventListener('visibilitychange', awake),
      () => removeEventListener('online', online),
      effect(() => this.feed()),
      effect(() => this.feedScreen()),
      effect(() => this.giveWay()),
      guard(() => this.onAir),
    );
  }

  // What is sent follows what is chosen: swapped, never renegotiated.
  private feed(): void {
    if (!this.sending.value) return;
    const shared = this.screenAs.value === 'picture' ? this.media.screen.value?.getVideoTracks()[0] : undefined;
    this.publisher.send({ video: shared ?? this.media.camera.value, audio: this.media.microphone.value });
  }

  private feedScreen(): void {
    const stream = this.sending.value && this.screenAs.value === 'cell' ? this.media.screen.value : undefined;
    if (!stream) {
      this.screen?.close();
      this.screen = undefined;
      return;
    }
    this.screen ??= new Publisher(this.grantScreen);
    this.screen.send({ video: stream.getVideoTracks()[0], audio: stream.getAudioTracks()[0] });
  }

  // Two windows that each take the seat back would do so for ever: the one that
  // has lost it to the other lets it be.
  private giveWay(): void {
    const { at } = this.publisher.state.value;
    if (!this.returns.replaced.value || (at !== 'waiting' && at !== 'connecting')) return;
    this.gaveWay = true;
    this.leave();
  }

  // The browser takes the lock back whenever the page is hidden.
  private async stayAwake(): Promise<void> {
    if (!this.sending.value || (this.lock && !this.lock.released)) return;
    const lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
    // Meanwhile they may have left, or the page been hidden and shown again.
    if (this.sending.value && (!this.lock || this.lock.released)) this.lock = lock;
    else void lock?.release().catch(() => {});
  }
}

/** Asks before the page is left, while there is something to lose. */
export function guard(needed: () => boolean): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (needed()) event.preventDefault();
  };
  addEventListener('beforeunload', ask);
  return () => removeEventListener('beforeunload', ask);
}
