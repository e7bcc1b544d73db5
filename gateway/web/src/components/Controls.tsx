import type { ComponentChildren } from 'preact';
import { seconds, t } from '../app/i18n';
import type { Player } from '../player/player';
import { Bolt, Keyboard } from './icons';

/** Further behind than this, the viewer is not live any more. */
const LIVE_WITHIN_S = 3;

const LiveButton = ({ player }: { player: Player }) => {
  const behind = player.behind.value;
  const live = behind < LIVE_WITHIN_S;
  return (
    <button
      type="button"
      class={live && !player.stalled.value ? 'live-button is-live' : 'live-button'}
      aria-label={live ? t('controls.isLive') : t('controls.goLive', { s: behind })}
      onClick={() => player.goLive()}
    >
      {live ? t('controls.live') : t('controls.behind', { s: behind })}
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
  const delay = player.delay.value;
  return <span class="delay figures">{delay !== undefined && t('controls.delay', { s: seconds(delay) })}</span>;
};

interface Props {
  player: Player;
  onHelp: () => void;
  children?: ComponentChildren;
}

/** The bar under the picture. Real time has no past, so it has no time line. */
export const Controls = ({ player, onHelp }: Props) => (
  <media-control-bar>
    <media-play-button />
    <media-mute-button />
    <media-volume-range />
    <LiveButton player={player} />
    {player.delivery.value.using === 'hls' ? <media-time-range /> : <span class="spacer" />}
    <Delay player={player} />
    <RealTimeSwitch player={player} />
    <button type="button" class="bar-button wide-only" aria-label={t('controls.keys')} onClick={onHelp}>
      <Keyboard />
    </button>
    <media-pip-button class="wide-only" />
    <media-fullscreen-button />
  </media-control-bar>
);
