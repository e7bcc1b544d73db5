// Reactions: a bar of them, and how they float over the picture. Whoever wants less
// motion sees none float.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t, type Key } from '../app/i18n';
import type { Audience } from './audience';
import { Reaction } from './icons';

/** At once over the picture, whatever the crowd sends. */
const MOST = 24;
const FLOAT_MS = 2_600;
const SPREAD_MS = 500;

interface Float {
  id: number;
  kind: string;
  x: number;
  delay: number;
}

const still = matchMedia('(prefers-reduced-motion: reduce)');

export function Floats({ room }: { room: Audience }) {
  useEffect(() => room.onReactions(float), [room]);
  return (
    <div class="floats" aria-hidden="true">
      {floats.value.map((f) => (
        <span key={f.id} class={`float ${f.kind}`} style={{ '--x': `${f.x}%`, '--delay': `${f.delay}ms` }}><Reaction kind={f.kind} /></span>
      ))}
    </div>
  );
}

const floats = signal<Float[]>([]);
let last = 0;

function float(counts: Record<string, number>): void {
  if (still.matches || document.hidden) return;
  const fresh: Float[] = [];
  for (const [kind, n] of Object.entries(counts)) {
    for (let i = 0; i < n && floats.value.length + fresh.length < MOST; i++) {
      fresh.push({ id: ++last, kind, x: Math.random() * 100, delay: n === 1 ? 0 : Math.random() * SPREAD_MS });
    }
  }
  if (fresh.length === 0) return;
  floats.value = [...floats.value, ...fresh];
  setTimeout(() => (floats.value = floats.value.filter((f) => !fresh.includes(f))), FLOAT_MS + SPREAD_MS);
}

export const ReactionBar = ({ room }: { room: Audience }) => {
  if (!room.named.value || room.state.value.closed) return null;
  return (
    <div class="reaction-bar" role="group" aria-label={t('audience.reactions')}>
      {room.reactions.value.map((kind) => (
        <button type="button" class={`reaction ${kind}`} key={kind} aria-label={t(`audience.react.${kind}` as Key)} onClick={() => room.react(kind)}><Reaction kind={kind} /></button>
      ))}
    </div>
  );
};
