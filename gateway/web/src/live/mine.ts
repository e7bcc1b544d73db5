// "My times": the sessions that this visitor has marked. They stay in this browser.
import { t } from '../app/i18n';
import { recall, remember } from '../app/memory';

const KEY = 'regie-times';

const stored = (): string[] => {
  try {
    const list: unknown = JSON.parse(recall(KEY) ?? '[]');
    return Array.isArray(list) ? list.filter((x) => typeof x === 'string') : [];
  } catch {
    return [];
  }
};

const marked = new Set(stored());
let only = false;

/** Shows which sessions are marked, and hides the others if that is wanted. */
export function showMine(root: ParentNode): void {
  for (const star of root.querySelectorAll<HTMLElement>('[data-star]')) {
    star.hidden = false;
    star.setAttribute('aria-pressed', String(marked.has(star.dataset['star']!)));
  }
  const button = document.querySelector<HTMLElement>('[data-mine]');
  if (button) {
    button.hidden = false;
    button.setAttribute('aria-pressed', String(only));
  }
  let shown = 0;
  for (const slot of document.querySelectorAll<HTMLElement>('[data-slot]')) {
    slot.hidden = only && !marked.has(slot.dataset['slot']!);
    if (!slot.hidden) shown++;
  }
  for (const day of document.querySelectorAll<HTMLElement>('.day')) {
    day.hidden = only && day.querySelector('[data-slot]:not([hidden])') === null;
  }
  const none = document.querySelector<HTMLElement>('[data-none-mine]');
  if (none) none.hidden = !only || shown > 0;
}

/** Hears clicks on stars and on the button that shows only what is marked. */
export function listenMine(): void {
  document.addEventListener('click', ({ target }) => {
    const at = target as Element;
    const session = at.closest<HTMLElement>('[data-star]')?.dataset['star'];
    if (session !== undefined) {
      if (!marked.delete(session)) marked.add(session);
      remember(KEY, JSON.stringify([...marked]));
    } else if (at.closest('[data-mine]')) only = !only;
    else return;
    showMine(document);
  });
}

/** The visitor's own clock beside the event's, where the two differ. */
export function showYours(root: ParentNode, lang: string): void {
  let differ = false;
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[datetime]')) {
    const at = new Date(time.dateTime);
    const own = -at.getTimezoneOffset();
    if (own === offsetOf(time.dateTime)) continue;
    differ = true;
    if (!time.closest('.slot-when')) continue; // once a session is enough
    const otherDay = at.toDateString() !== new Date(at.getTime() + (offsetOf(time.dateTime) - own) * 60_000).toDateString();
    const text = at.toLocaleString(lang, { hour: '2-digit', minute: '2-digit', hour12: false, ...(otherDay && { weekday: 'short' }) });
    const yours = Object.assign(document.createElement('span'), { className: 'slot-yours', textContent: t('live.yours', { time: text }) });
    time.closest('.slot-when')!.append(yours);
  }
  const zone = document.querySelector('[data-zone]:not([data-said])');
  if (differ && zone) {
    zone.setAttribute('data-said', '');
    zone.append(` ${t('live.yourZone')}`);
  }
}

/** Minutes from UTC that a time is written with. */
function offsetOf(iso: string): number {
  const [, sign, h, m] = /([+-])(\d\d):(\d\d)$/.exec(iso) ?? [];
  return h === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(h) * 60 + Number(m));
}
