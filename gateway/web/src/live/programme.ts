// The schedule as the page that follows it knows it: from the page itself, then from
// what the server tells, and from the API while it tells nothing.
import { computed, signal } from '@preact/signals';
import { page, refresh } from '../app/state';
import { readClock } from './now';
import { inOrder, type Slot } from './schedule';

interface Told extends Slot {
  creators: string[] | null;
}

interface Answer {
  time_zone: string;
  creators: { id: string; name: string }[];
  slots: Told[];
}

const start = (page.schedule ?? { time_zone: 'UTC', slots: [] }) as { time_zone: string; slots: Told[] };
const names = new Map<string, string>();
const all = signal(new Map(start.slots.map((s) => [s.session, s])));
for (const s of start.slots) s.creators?.forEach((id, i) => names.set(id, s.names?.[i] ?? ''));

export const zone = signal(start.time_zone || 'UTC');
export const slots = computed<Slot[]>(() => inOrder([...all.value.values()].map((s) => ({ ...s, names: s.creators?.map((id) => names.get(id) ?? '') ?? [] }))));

/** Milliseconds between questions while the server does not tell by itself. */
const ASK_MS = 20_000;

async function ask(): Promise<void> {
  const answer = await fetch('/api/v1/event', { headers: { accept: 'application/json' } });
  readClock(answer);
  if (!answer.ok) return;
  const event = (await answer.json()) as Answer;
  for (const c of event.creators) names.set(c.id, c.name);
  zone.value = event.time_zone || 'UTC';
  all.value = new Map(event.slots.map((s) => [s.session, s]));
}

function changed(key: string, value: unknown): void {
  const [kind, id = ''] = key.split('/');
  if (kind === 'creator' && value) names.set(id, (value as { name: string }).name);
  if (kind === 'event' && value) zone.value = (value as { time_zone: string }).time_zone || 'UTC';
  if (kind !== 'slot') return;
  const next = new Map(all.value);
  if (value === undefined) next.delete(id);
  else next.set(id, value as Told);
  all.value = next;
  refresh(); // its stage has changed, or soon will
}

/** Keeps the schedule up to date. */
export async function hearSchedule(): Promise<void> {
  let told = false;
  setInterval(() => !told && !document.hidden && void ask().catch(() => {}), ASK_MS);
  const { follow } = await import('../app/events');
  follow('event', {
    all: (entries) => {
      const slots = [...entries].filter(([key]) => key.startsWith('slot/')).map(([, value]) => value as Told);
      for (const [key, value] of entries) if (!key.startsWith('slot/')) changed(key, value);
      all.value = new Map(slots.map((s) => [s.session, s]));
    },
    changed,
    live: (yes) => (told = yes),
  });
}
