import { useSignal } from '@preact/signals';
import { elapsed, seconds, t } from '../app/i18n';
import { LIVE_WITHIN_S } from '../player/live';
import type { Player } from '../player/player';
import { Bolt, Keyboard } from './icons';
import { Quality } from './Quality';
import { Timeline } from './Timeline';

/** Up to here people count in seconds. */
const MINUTE_S = 60;

const LiveButton = ({ player }: { player: Player }) => {
  const behind = player.behind.value;
  const live = behind < LIVE_WITHIN_S;
  const how = behind < MINUTE_S ? t('controls.behind', { s: behind }) : t('controls.behindTime', { time: elapsed(behind) });
  return (
    <button
      type="button"
      class={live && !player.stalled.value ? 'live-button is-live' : 'live-button'}
      aria-label={live ? t('controls.isLive') : t('controls.goLive', { behind: how })}
      onClick={() => player.goLive()}
    >
      {live ? t('controls.live') : how}
    </button>
  );
};

const RealTimeSwitch = ({ player }: { player: Player }) => {
  const on = player.delivery.value.using === 'realtime';
  return (
    <button
      type="button"
      class="real-time"
      role="switch"
      aria-checked={on}
      aria-label={t('controls.realTime')}
      onClick={() => player.choose(on ? 'hls' : 'realtime')}
    >
      <Bolt />
      <span>{t('controls.realTime')}</span>
    </button>
  );
};

const Delay = ({ player }: { player: Player }) => {
  const delay = player.behind.value < LIVE_WITHIN_S ? player.delay.value : undefined;
  return <span class="delay figures">{delay !== undefined && t('controls.delay', { s: seconds(delay) })}</span>;
};

interface Props {
  player: Player;
  onHelp: () => void;
}

/** The bar under the picture. It stays while its menu is open. */
export const Controls = ({ player, onHelp }: Props) => {
  const menu = useSignal(false);
  return (
    <media-control-bar noautohide={menu.value}>
      <media-play-button />
      <media-mute-button />
      <media-volume-range />
      <LiveButton player={player} />
      <Timeline player={player} />
      <Delay player={player} />
      <RealTimeSwitch player={player} />
      <Quality player={player} open={menu} />
      <button type="button" class="bar-button wide-only" aria-label={t('controls.keys')} onClick={onHelp}>
        <Keyboard />
      </button>
      <media-pip-button class="wide-only" />
      <media-fullscreen-button />
    </media-control-bar>
  );
};
