import { useSignal } from '@preact/signals';
import { clock, elapsed, t } from '../app/i18n';
import { LIVE_WITHIN_S } from '../player/live';
import type { Place, Player } from '../player/player';
import { tickOf } from '../room/moments';
import { ticks } from '../room/ticks';

const STEP_S = 10;
const PAGE_S = 60;

const back = ({ live }: Place, time: number) => Math.max(0, live - time);

/** "12:30 behind, 14:03:20" */
function say(place: Place, time: number): string {
  if (back(place, time) < LIVE_WITHIN_S) return t('controls.live');
  const behind = t('controls.behindTime', { time: elapsed(back(place, time)) });
  return place.date === undefined ? behind : `${behind}, ${clock(place.date + (time - place.now) * 1000)}`;
}

/**
 * The time line: all of the past that the server keeps, up to now. Real time has
 * none. A drag goes there when it ends, as each place is loaded anew.
 */
export const Timeline = ({ player }: { player: Player }) => {
  const dragged = useSignal<number | undefined>(undefined);
  const pointed = useSignal<number | undefined>(undefined);
  const place = player.place.value;
  if (place === undefined || place.live <= place.start) return <span class="spacer" />;
  // The edge moves in steps: close to it is at it.
  const now = dragged.value ?? (back(place, place.now) < LIVE_WITHIN_S ? place.live : place.now);
  const share = (time: number) => `${(100 * (time - place.start)) / (place.live - place.start)}%`;
  const hint = dragged.value ?? pointed.value;

  const timeAt = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return place.start + at * (place.live - place.start);
  };
  const moves: Record<string, () => void> = {
    ArrowLeft: () => player.skip(-STEP_S),
    ArrowDown: () => player.skip(-STEP_S),
    ArrowRight: () => player.skip(STEP_S),
    ArrowUp: () => player.skip(STEP_S),
    PageDown: () => player.skip(-PAGE_S),
    PageUp: () => player.skip(PAGE_S),
    Home: () => player.seek(place.start),
    End: () => player.goLive(),
  };
  return (
    <div class="timeline" style={{ '--at': share(now), '--hint': hint === undefined ? '0%' : share(hint) }}>
      <input
        type="range"
        min={place.start}
        max={place.live}
        step="any"
        value={now}
        aria-label={t('controls.timeline')}
        aria-valuetext={say(place, now)}
        onInput={(e) => (dragged.value = e.currentTarget.valueAsNumber)}
        onChange={(e) => {
          player.seek(e.currentTarget.valueAsNumber);
          dragged.value = undefined;
        }}
        onPointerMove={(e) => (pointed.value = timeAt(e))}
        onPointerLeave={() => (pointed.value = undefined)}
        onKeyDown={(e) => {
          const move = e.altKey || e.ctrlKey || e.metaKey ? undefined : moves[e.key];
          if (move === undefined) return;
          e.preventDefault();
          e.stopPropagation();
          move();
        }}
      />
      {ticks.value.map(({ id, date }) => {
        const at = tickOf(place, date);
        return at !== undefined && <span class="timeline-tick" key={id} aria-hidden="true" style={{ '--tick': at }} />;
      })}
      {hint !== undefined && <span class="timeline-hint figures" aria-hidden="true">{say(place, hint)}</span>}
    </div>
  );
};
