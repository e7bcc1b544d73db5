import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../app/state';
import { t } from '../app/i18n';
import { commandOf, type Command } from '../player/keys';
import type { Player } from '../player/player';
import { Controls } from './Controls';
import { Messages } from './Messages';
import { Play, SoundOff } from './icons';
import { Poster } from './Poster';
import { preferredQuality } from './Quality';

/** The part of media-chrome's element that has no attribute for the job. */
interface MediaController extends HTMLElement {
  fullscreenElement: HTMLElement | null;
}

type PlayerModule = typeof import('../player');

const SKIP_S = 10;
const VOLUME_STEP = 0.1;

interface Props {
  session: Session;
  /** The player's, so that the page can say what became of real time. */
  player: Signal<Player | undefined>;
  keysOn: Signal<boolean>;
  help: Signal<boolean>;
  /** What lies over the picture. */
  children?: ComponentChildren;
}

/** What fills the screen: a poster, the picture, and what there is to say about it. */
export function Screen({ session, player, keysOn, help, children }: Props) {
  const code = useSignal<PlayerModule | undefined>(undefined);
  const over = useSignal(false);
  useEffect(() => {
    if (session.phase === 'live') over.value = false;
    if (session.phase === 'live' && !code.value) void import('../player').then((m) => (code.value = m));
  }, [session.phase]);

  // Once it plays, the end of a session is what the player finds at its end.
  const playing = code.value !== undefined && (session.phase === 'live' || (session.phase === 'ended' && !over.value));
  return (
    <section class="screen" aria-label={t('screen.player')}>
      <Poster session={session} />
      {playing && code.value && (
        <Picture code={code.value} session={session} player={player} keysOn={keysOn} help={help} onOver={() => (over.value = true)} />
      )}
      {!playing && <Slate session={session} />}
      {children}
    </section>
  );
}

const Slate = ({ session }: { session: Session }) => {
  if (session.phase === 'live') return null;
  const [title, hint] =
    session.phase === 'planned' ? (['screen.soon', 'screen.soonHint'] as const) : (['screen.ended', 'screen.endedHint'] as const);
  return (
    <div class="slate" role="status">
      <p class="slate-title">{t(title)}</p>
      <p>{t(hint)}</p>
      {session.phase === 'ended' && <a class="button primary" href="/">{t('home.see')}</a>}
    </div>
  );
};

interface PictureProps extends Props {
  code: PlayerModule;
  onOver: () => void;
}

function Picture({ code, session, player, keysOn, help, onOver }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const playable = useSignal(true);

  useEffect(() => {
    const element = video.current!;
    const canvas = still.current!;
    if (!code.canPlay(element)) return void (playable.value = false);
    const addresses = { hls: session.hls_url, whep: session.whep_url };
    const made = new code.Player(element, session.id, addresses, preferredQuality(), () => draw(element, canvas));
    player.value = made;
    made.start();
    return () => {
      made.stop();
      player.value = undefined;
    };
  }, [session.id]);

  useEffect(() => {
    return session.phase === 'ended' ? player.value?.finish(onOver) : undefined;
  }, [session.phase, player.value]);

  const onKeyDown = (event: KeyboardEvent) => {
    const command = keysOn.value && !belongsToControl(event) ? commandOf(event) : undefined;
    if (command === undefined || !player.value) return;
    event.preventDefault();
    act(command, video.current!, player.value, help);
  };

  const p = player.value;
  return (
    <>
      <canvas ref={still} class={p?.picture.value ? 'still' : 'still unused'} aria-hidden="true" />
      <media-controller
        class={p?.stalled.value ? 'stalled' : ''}
        defaultstreamtype="live"
        ref={(element) => void (element && ((element as MediaController).fullscreenElement = element.parentElement))}
        noautoseektolive
        nohotkeys
        nomutedpref
        onKeyDown={onKeyDown}
      >
        <video ref={video} slot="media" playsInline muted tabIndex={0} />
        {p && <Overlay player={p} video={video.current!} />}
        {p && <Controls player={p} onHelp={() => (help.value = true)} />}
      </media-controller>
      {p && <Messages player={p} />}
      <p class="word" role="status">
        {!playable.value
          ? t('screen.tooOld')
          : p?.stalled.value && t(p.picture.value ? 'screen.reconnecting' : 'screen.connecting')}
      </p>
      {p && !p.picture.value && !p.blocked.value && playable.value && <span class="thin-bar" aria-hidden="true" />}
    </>
  );
}

/** The one large button over the picture: play if the browser asks for a click, else sound. */
const Overlay = ({ player, video }: { player: Player; video: HTMLVideoElement }) => {
  if (player.blocked.value) {
    return (
      <button slot="centered-chrome" type="button" class="big-button" noautohide onClick={() => player.play()}>
        <Play />
        {t('screen.play')}
      </button>
    );
  }
  if (!player.muted.value || !player.picture.value) return null;
  return (
    <button slot="top-chrome" type="button" class="big-button sound" noautohide onClick={() => unmute(video)}>
      <SoundOff />
      {t('screen.unmute')}
    </button>
  );
};

function unmute(video: HTMLVideoElement): void {
  video.muted = false;
  if (video.volume === 0) video.volume = 1;
}

/** Arrow keys on a slider and Space on a button are the control's own. */
function belongsToControl(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0] as HTMLElement;
  if (target.matches('input, [role=slider]')) return event.key.startsWith('Arrow') || event.key === 'End';
  return event.key === ' ' && target.closest('button, [role=button], [role=switch], media-play-button, media-mute-button, media-pip-button, media-fullscreen-button') !== null;
}

function act(command: Command, video: HTMLVideoElement, player: Player, help: Signal<boolean>): void {
  const loudness = (change: number) => {
    video.volume = Math.min(1, Math.max(0, video.volume + change));
    if (change > 0) video.muted = false;
  };
  const acts: Record<Command, () => unknown> = {
    play: () => (video.paused ? player.play() : video.pause()),
    back: () => player.skip(-SKIP_S),
    forward: () => player.skip(SKIP_S),
    louder: () => loudness(VOLUME_STEP),
    quieter: () => loudness(-VOLUME_STEP),
    mute: () => (video.muted ? unmute(video) : (video.muted = true)),
    fullscreen: () =>
      document.fullscreenElement ? document.exitFullscreen() : video.closest('.screen')?.requestFullscreen(),
    pip: () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()),
    live: () => player.goLive(),
    help: () => (help.value = true),
  };
  // Full screen and picture in picture may be refused by the browser: then nothing happens.
  void Promise.resolve(acts[command]()).catch(() => {});
}

/** Keeps the last picture, for the time until the next comes. */
function draw(video: HTMLVideoElement, canvas: HTMLCanvasElement): void {
  if (video.videoWidth === 0) return;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
}
