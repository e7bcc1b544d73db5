// The levers of a room: each says who pulled it and for how long.
import { type Signal, useSignal } from '@preact/signals';
import { count, elapsed, t } from '../app/i18n';
import { leverOf, secondsLeft } from './board';
import type { Deeds } from './deeds';
import type { ModRoom } from './room';
import { type LeverName, leverNames } from './types';

const SLOW_S = [5, 10, 30, 60, 120];
const FOR_MIN = [5, 10, 30, 60];

const Choose = ({ label, values, chosen, says }: { label: string; values: number[]; chosen: Signal<number>; says: (n: number) => string }) => (
  <select class="input mod-choose" aria-label={label} value={chosen.value} onChange={(e) => (chosen.value = Number(e.currentTarget.value))}>
    {values.map((n) => <option key={n} value={n}>{says(n)}</option>)}
  </select>
);

export function Levers({ room, deeds }: { room: ModRoom; deeds: Deeds }) {
  const slow = useSignal(30);
  const minutes = useSignal(10);
  const lever = (name: LeverName) => {
    const is = leverOf(room.board.value?.levers ?? [], name, room.now.value);
    const on = room.intents.of(`lever/${name}.on`, is !== undefined);
    const left = secondsLeft(is?.until, room.now.value);
    const flip = () => room.lever(name, !on, on ? {} : { minutes: minutes.value, ...(name === 'slow' && { value: slow.value }) });
    return (
      <li key={name} class="mod-lever">
        <button type="button" class="button small" aria-pressed={on} onClick={flip}>{t(`mod.lever.${name}`)}</button>
        {name === 'slow' && !on && <Choose label={t('mod.slowEvery')} values={SLOW_S} chosen={slow} says={(n) => t('mod.seconds', { n })} />}
        {on && is && (
          <span class="mod-lever-state figures">
            {is.value !== undefined && name === 'slow' && `${t('mod.seconds', { n: is.value })} · `}
            {t('mod.leverBy', { name: is.name_of_by })}
            {left > 0 && ` · ${t('mod.left', { time: elapsed(left) })}`}
          </span>
        )}
      </li>
    );
  };
  return (
    <section class="mod-levers" aria-label={t('mod.levers')}>
      <ul>{leverNames.map(lever)}</ul>
      <div class="mod-levers-end">
        <Choose label={t('mod.leversFor')} values={FOR_MIN} chosen={minutes} says={(n) => t('mod.for', { time: count('mod.minutes', n) })} />
        <button type="button" class="button small danger" onClick={() => (deeds.asking.value = { what: 'clear' })}>{t('mod.clear')}</button>
      </div>
    </section>
  );
}
