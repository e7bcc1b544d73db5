// The page that plays a session.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { keepFresh, session } from './app/state';
import { t } from './app/i18n';
import { Elsewhere, ShareButton } from './components/Copy';
import { OnStage } from './components/OnStage';
import { Notice } from './components/Notice';
import { Reach } from './components/Reach';
import { Screen } from './components/Screen';
import { ShortcutsDialog } from './components/ShortcutsDialog';
import { showNow, Strip } from './components/Strip';
import { Meta } from './components/Summary';
import type { Player } from './player/player';

const KEYS = 'regie-keys';
const keysOn = signal(localStorage.getItem(KEYS) !== 'off');
const help = signal(false);
const player = signal<Player | undefined>(undefined);

const Watch = () => {
  const s = session.value;
  if (s === undefined) return null;
  return (
    <>
      <Screen session={s} player={player} keysOn={keysOn} help={help} />
      <Notice player={player} />
      <div class="about">
        <div class="about-text">
          <h1>{s.title}</h1>
          <Meta session={s} />
        </div>
        <ShareButton title={s.title} />
      </div>
      <aside class="side">
        <OnStage people={s.participants} />
        <Elsewhere path={s.hls_url} />
      </aside>
      <Strip />
    </>
  );
};

const After = () => (
  <>
    <ShortcutsDialog open={help} enabled={keysOn} />
    <Reach />
  </>
);

// Loading the player's code now saves a round trip when the session is live.
if (session.value?.phase === 'live') void import('./player');

render(<Watch />, document.getElementById('main')!);
render(<After />, document.body.appendChild(document.createElement('div')));
effect(() => localStorage.setItem(KEYS, keysOn.value ? 'on' : 'off'));
effect(() => {
  const s = session.value;
  if (s) document.title = `${s.phase === 'live' ? `${t('badge.live')}: ` : ''}${s.title} · Regie`;
});
showNow();
keepFresh();
