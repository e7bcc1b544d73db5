// The player alone, in a frame of another site.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { keepFresh, session } from './app/state';
import { t } from './app/i18n';
import { Screen } from './components/Screen';
import { ShortcutsDialog } from './components/ShortcutsDialog';
import type { Player } from './player/player';

const keysOn = signal(true);
const help = signal(false);
const player = signal<Player | undefined>(undefined);

const Embed = () => {
  const s = session.value;
  if (s === undefined) return null;
  return (
    <>
      <h1 class="unseen">{s.title}</h1>
      <Screen session={s} player={player} keysOn={keysOn} help={help} />
      {!player.value?.picture.value && <p class="embed-title">{s.title}</p>}
      <a class="embed-link" href={`/s/${s.id}`} target="_blank" rel="noopener">{t('live.openHere', { title: s.title })}</a>
      <ShortcutsDialog open={help} enabled={keysOn} />
    </>
  );
};

render(<Embed />, document.getElementById('main')!);
keepFresh();
