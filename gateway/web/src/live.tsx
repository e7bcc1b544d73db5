// The Live page of an event. The server wrote all of it; this keeps it up to date,
// counts down, marks the visitor's times, and plays what is on air, muted.
import { render } from 'preact';
import { copy } from './app/copy';
import { count } from './app/i18n';
import { Poller } from './app/poll';
import { page, unreachable, type Session } from './app/state';
import { Reach } from './components/Reach';
import { countdown } from './live/Countdown';
import { share } from './live/left';
import { listenMine, showMine, showYours } from './live/mine';
import { readClock, serverNow } from './live/now';
import { keep, replace } from './live/parts';

const SOON_MS = 5_000;
const CALM_MS = 15_000;
/** How long a page without news by itself goes without asking for all of it. */
const WHOLE_MS = 30_000;
/** What changes for everybody is not asked for by everybody at once. */
const SPREAD_MS = 1_500;

const main = document.getElementById('main')!;
let told = false; // the server tells us by itself
let wholeAt = Date.now();
let phases = '';
let stopPicture: (() => void) | undefined;
let playing: Element | undefined;

function enhance(root: ParentNode): void {
  showYours(root, page.lang);
  showMine(root);
  for (const b of root.querySelectorAll<HTMLElement>('[data-copy]')) b.hidden = false;
  tick();
  showPicture();
}

/** Asks for the page anew and takes over what is different. */
async function renew(): Promise<void> {
  wholeAt = Date.now();
  const answer = await fetch(location.pathname + location.search, { headers: { accept: 'text/html' }, cache: 'no-cache' });
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  readClock(answer);
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (fresh.querySelector('main.event') === null) return location.reload(); // the event is no more
  for (const part of replace(main, fresh)) enhance(part);
}

const poller = new Poller<{ sessions: Session[] }>({
  load: async () => {
    const answer = await fetch('/api/v1/sessions', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    readClock(answer);
    const sessions: { sessions: Session[] } = await answer.json();
    const now = sessions.sessions.map((s) => `${s.id} ${s.phase}`).join();
    if ((phases !== '' && now !== phases) || (!told && Date.now() - wholeAt > WHOLE_MS)) await renew();
    phases = now;
    return sessions;
  },
  interval: () => (told ? CALM_MS : SOON_MS),
  arrived: ({ sessions }) => {
    unreachable.value = undefined;
    for (const s of sessions) {
      const at = main.querySelector(`[data-viewers="${CSS.escape(s.id)}"]`);
      if (at) at.textContent = count('watching', s.viewers);
    }
  },
  waiting: (seconds) => (unreachable.value = seconds),
});

function tick(): void {
  const now = serverNow();
  for (const box of main.querySelectorAll<HTMLElement>('[data-countdown]')) {
    const [word, clock] = countdown(Date.parse(box.dataset['countdown']!));
    box.hidden = false;
    box.querySelector('.countdown-word')!.textContent = word;
    box.querySelector('.countdown-clock')!.textContent = clock;
  }
  for (const slot of main.querySelectorAll<HTMLElement>('.slot.live')) {
    const { starts = '', ends = '' } = slot.dataset;
    slot.style.setProperty('--past', `${Math.round(share(Date.parse(starts), Date.parse(ends), now) * 100)}%`);
  }
}

/** Plays what is on air unless the visitor would rather have no motion or no traffic. */
function showPicture(): void {
  const box = main.querySelector<HTMLElement>('[data-play]');
  if (box === playing || (box === null && playing === undefined)) return;
  stopPicture?.();
  stopPicture = undefined;
  playing = box ?? undefined;
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
  if (box === null || saving || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  void import('./live/picture').then(({ play }) => {
    if (playing === box) stopPicture = play(box);
  });
}

async function hearChanges(): Promise<void> {
  const { follow } = await import('./app/events');
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void renew().catch(() => {}), Math.random() * SPREAD_MS);
  };
  let first = true;
  follow('event', {
    all: () => (first ? (first = false) : soon()), // what was missed while we were away
    changed: soon,
    live: (yes) => (told = yes),
  });
}

function listen(): void {
  listenMine();
  document.addEventListener('click', ({ target }) => {
    const button = (target as Element).closest<HTMLElement>('[data-copy]');
    if (!button) return;
    const field = document.getElementById(button.dataset['copy']!) as HTMLInputElement;
    const words = button.textContent;
    void copy(field.value).then(() => {
      button.textContent = button.dataset['done']!;
      setTimeout(() => (button.textContent = words), 2_000);
    });
  });
  // A choice counts at once; the address stays one that can be shared.
  const filters = main.querySelector<HTMLFormElement>('[data-filters]');
  if (!filters) return;
  filters.querySelector<HTMLElement>('[data-apply]')!.hidden = true;
  filters.addEventListener('change', () => {
    const wanted = new URLSearchParams();
    for (const [k, v] of new FormData(filters)) if (v !== '') wanted.set(k, String(v));
    const query = wanted.size > 0 ? `?${wanted}` : '';
    history.replaceState(null, '', location.pathname + query);
    void renew().catch(() => {});
  });
}

keep(main);
listen();
enhance(main);
setInterval(tick, 1000);
poller.start();
document.addEventListener('visibilitychange', () => (document.hidden ? poller.stop() : poller.start()));
render(<Reach retry={() => poller.now()} />, document.body.appendChild(document.createElement('div')));
const idle = window.requestIdleCallback ?? ((f: () => void) => setTimeout(f, 200));
idle(() => void hearChanges().catch(() => {}));
