// The head of a stage page: what it is, whether it is on air, and the clock.
import type { ComponentChildren } from 'preact';
import { elapsed, t } from '../app/i18n';
import type { Room } from './room';

/** "12:03 on air", "4:10 left", "2:00 over time": the clock that everybody shares. */
export function Clock({ room }: { room: Room }) {
  const clock = room.clock.value;
  if (!clock) return null;
  const { running, left } = clock;
  const late = left !== undefined && left < 0;
  return (
    <p class="clock figures">
      {running !== undefined && <span>{t('clock.running', { time: elapsed(running) })}</span>}
      {left !== undefined && running !== undefined && (
        <span class={late ? 'over' : left < 300 ? 'soon' : ''}>{t(late ? 'clock.over' : 'clock.left', { time: elapsed(Math.abs(left)) })}</span>
      )}
    </p>
  );
}

export const Head = ({ room, children }: { room: Room; children?: ComponentChildren }) => {
  const desk = room.desk.value;
  return (
    <div class="stage-head">
      <div class="stage-title">
        <h1>{desk?.title}</h1>
        {desk && (
          <p class="stage-phase">
            {desk.phase === 'live' ? <span class="badge live">{t('tally.onAir')}</span> : <span class="badge">{t(desk.phase === 'ended' ? 'tally.ended' : 'tally.offAir')}</span>}
            <Clock room={room} />
          </p>
        )}
      </div>
      {children}
    </div>
  );
};
