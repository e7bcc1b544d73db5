// The page that plays a session.
import { computed, effect, signal } from '@preact/signals';
import { render } from 'preact';
import { keepFresh, page, session } from './app/state';
import { t } from './app/i18n';
import { Elsewhere, ShareButton } from './components/Copy';
import { OnStage } from './components/OnStage';
import { Notice } from './components/Notice';
import { Reach } from './components/Reach';
import { Screen } from './components/Screen';
import { ShortcutsDialog } from './components/ShortcutsDialog';
import { showNow, Strip } from './components/Strip';
import { Meta } from './components/Summary';
import { serverNow } from './live/now';
import { hearSchedule, slots, zone } from './live/programme';
import { dayOf, nextOf } from './live/schedule';
import { Today } from './live/Today';
import type { Player } from './player/player';
import { momentOf, timeOf } from './room/moments';

const KEYS = 'regie-keys';
const keysOn = signal(localStorage.getItem(KEYS) !== 'off');
const help = signal(false);
const player = signal<Player | undefined>(undefined);
type Room = ReturnType<typeof import('./room/watching').begin>;
const room = signal<Room | undefined>(undefined);
/** The moment that the link to this page names, until it is gone to. */
const moment = signal(momentOf(location.search));
const momentLost = signal(false);

/** The programme of this session's day, if it has one. */
const today = computed(() => (slots.value.some((slot) => slot.session === page.session) ? dayOf(slots.value, page.session, serverNow(), zone.value) : []));

const Watch = () => {
  const s = session.value;
  if (s === undefined) return null;
  const r = room.value;
  return (
    <>
      <Screen session={s} player={player} keysOn={keysOn} help={help}>{r && <r.Over />}</Screen>
      <Notice player={player} />
      <div class="below">
        {momentLost.value && <p class="notice-line" role="status">{t('watch.momentLost')}</p>}
        {r && <r.Below />}
      </div>
      <div class="about">
        <div class="about-text">
          <h1>{s.title}</h1>
          <Meta session={s} />
        </div>
        <ShareButton title={s.title} />
      </div>
      <section class="room" aria-label={t('watch.room')}>{r && <r.Beside />}</section>
      {today.value.length > 0 ? <Today slots={today.value} shown={page.session} next={nextOf(slots.value, serverNow())?.session} zone={zone.value} /> : <Strip />}
      <aside class="side">
        <OnStage people={s.participants} />
        <Elsewhere path={s.hls_url} />
      </aside>
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
effect(() => {
  const place = player.value?.place.value;
  if (!player.value?.picture.peek()) return; // before the first picture the time line is a guess
  const time = moment.value === undefined ? undefined : timeOf(place, moment.value);
  if (!place || time === undefined) return;
  moment.value = undefined;
  momentLost.value = time < place.start;
  if (!momentLost.value && time < place.live) player.value?.seek(time);
});
showNow();
keepFresh();

// The picture first: the room comes when the browser has nothing else to do.
const whenIdle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200));
if (page.schedule) whenIdle(() => void hearSchedule().catch(() => {}), { timeout: 2_000 });
whenIdle(() => void import('./room/watching').then(({ begin }) => (room.value = begin(page.session!, player, keysOn))), { timeout: 2_000 });
