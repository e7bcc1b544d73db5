// The picture of what is on air, muted, in the Live page: the player without its
// controls. It is loaded when the page is done with everything else.
import { effect } from '@preact/signals';
import { canPlay } from '../player/hls';
import { Player } from '../player/player';
import { recall } from '../app/memory';

/** Plays into a box. Call what it gives to stop. */
export function play(box: HTMLElement): () => void {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.tabIndex = -1;
  video.setAttribute('aria-hidden', 'true');
  if (!canPlay(video)) return () => {};
  const { play: session = '', hls = '', whep = '' } = box.dataset;
  const player = new Player(video, session, { hls, whep }, recall('regie-quality') ?? 'auto', () => {});
  box.querySelector('.onair-picture')?.append(video);
  player.start();
  const stops = [
    effect(() => void box.classList.toggle('playing', player.picture.value)),
    pausing(box, video),
    () => player.stop(),
    () => video.remove(),
  ];
  return () => stops.forEach((stop) => stop());
}

/** What moves by itself can be stopped (WCAG 2.2.2). */
function pausing(box: HTMLElement, video: HTMLVideoElement): () => void {
  const button = box.querySelector<HTMLElement>('[data-pause]');
  if (!button) return () => {};
  const show = () => {
    for (const words of button.querySelectorAll<HTMLElement>('[data-when]')) words.hidden = (words.dataset['when'] === 'paused') !== video.paused;
  };
  const toggle = () => void (video.paused ? video.play().catch(() => {}) : video.pause());
  button.hidden = false;
  button.addEventListener('click', toggle);
  video.addEventListener('pause', show);
  video.addEventListener('play', show);
  show();
  return () => {
    button.hidden = true;
    button.removeEventListener('click', toggle);
  };
}
