import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, path } from '../app/api';
import { clockShort, t } from '../app/i18n';
import type { Audience } from './audience';
import type { RaisedHand } from './types';

const POLL_MS = 4_000;

/** The hands that are up, asked now and then: they are not for everybody's ears. */
export function useHands(room: Audience): Signal<RaisedHand[]> {
  const hands = useSignal<RaisedHand[]>([]);
  useEffect(() => {
    const ask = () => void api<RaisedHand[] | null>('GET', room.at('hands')).then((a) => (hands.value = a ?? []), () => {});
    ask();
    const timer = setInterval(ask, POLL_MS);
    return () => clearInterval(timer);
  }, [room]);
  return hands;
}

export function Hands({ room, hands }: { room: Audience; hands: Signal<RaisedHand[]> }) {
  const answer = async (hand: RaisedHand, admit: boolean) => {
    if (await room.act('POST', path('hands', hand.viewer), { admit })) hands.value = hands.value.filter((h) => h.viewer !== hand.viewer);
  };
  return (
    <div class="hands">
      <p class="hint">{t('audience.admitHint')}</p>
      {room.refusal.value && <p class="problem" role="alert">{room.refusal.value}</p>}
      {hands.value.length === 0 && <p class="log-word">{t('audience.noHands')}</p>}
      <ul>
        {hands.value.map((hand) => (
          <li class="hand-row" key={hand.viewer}>
            <p><b dir="auto">{hand.name}</b> <time class="hint figures">{clockShort(Date.parse(hand.at))}</time></p>
            {hand.note && <p dir="auto">{hand.note}</p>}
            <div class="acts">
              <button type="button" class="button small primary" onClick={() => void answer(hand, true)}>{t('audience.admit')}</button>
              <button type="button" class="button small quiet" onClick={() => void answer(hand, false)}>{t('audience.decline')}</button>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
