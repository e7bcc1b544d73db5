// How much of the chat a screen reader says: everything, a sum now and then, or nothing.
import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { count, t } from '../app/i18n';
import type { Audience } from './audience';

export const ways = ['all', 'sum', 'none'] as const;
type Way = (typeof ways)[number];

const KEPT = 'regie-reading';
const SUM_MS = 10_000;

const kept = localStorage.getItem(KEPT) as Way | null;
/** A busy chat would drown everything else: a sum is the way to begin with. */
export const reading = signal<Way>(kept && ways.includes(kept) ? kept : 'sum');

export function read(way: Way): void {
  reading.value = way;
  localStorage.setItem(KEPT, way);
}

/** Says each ten seconds how many messages came. */
export function Quiet({ room }: { room: Audience }) {
  const words = useSignal('');
  useEffect(() => {
    if (reading.value !== 'sum') return void (words.value = '');
    let seen = new Set(room.rows.peek().map((r) => r.id));
    const timer = setInterval(() => {
      const rows = room.rows.peek();
      const fresh = rows.filter((r) => !seen.has(r.id) && !(r.kind === 'message' && room.isMine(r.message.by))).length;
      seen = new Set(rows.map((r) => r.id));
      words.value = fresh > 0 ? count('audience.came', fresh) : '';
    }, SUM_MS);
    return () => clearInterval(timer);
  }, [reading.value]);
  return <p class="unseen" role="status">{words.value}</p>;
}

export const ReadingChoice = () => (
  <fieldset class="reading">
    <legend>{t('audience.reading')}</legend>
    {ways.map((way) => (
      <label class="check" key={way}>
        <input type="radio" name="reading" checked={reading.value === way} onChange={() => read(way)} />
        {t(`audience.reading.${way}`)}
      </label>
    ))}
  </fieldset>
);
