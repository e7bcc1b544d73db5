// /live: plays what is on air, from session to session. Between two it shows a slate
// with what comes next, and goes on by itself.
import { computed, effect, signal, untracked } from '@preact/signals';
import { render } from 'preact';
import { keepFresh, sessions } from './app/state';
import { t } from './app/i18n';
import { Elsewhere, ShareButton } from './components/Copy';
import { Notice } from './components/Notice';
import { OnStage } from './components/OnStage';
import { Reach } from './components/Reach';
import { Screen } from './components/Screen';
import { ShortcutsDialog } from './components/ShortcutsDialog';
import { Meta } from './components/Summary';
import { Countdown } from './live/Countdown';
import { serverNow } from './live/now';
import { hearSchedule, slots, zone } from './live/programme';
import { dayOf, follow, nextOf, type Showing, type Slot } from './live/schedule';
import { Today } from './live/Today';
import type { Player } from './player/player';

const keysOn = signal(true);
const help = signal(false);
const player = signal<Player | undefined>(undefined);
const clock = signal(serverNow());
const showing = signal<Showing>({});

const look = () => {
  clock.value = serverNow();
  const next = follow(showing.peek(), sessions.value, slots.value, clock.value);
  const now = showing.peek();
  if (next.session !== now.session || next.endedAt !== now.endedAt) showing.value = next;
};
effect(look);
setInterval(look, 1000);

// The room goes along from session to session.
const code = signal<typeof import('./room/watching') | undefined>(undefined);
const shown = computed(() => showing.value.session);
const room = signal<ReturnType<typeof import('./room/watching').begin> | undefined>(undefined);
effect(() => {
  const id = shown.value;
  const module = code.value;
  if (id === undefined || module === undefined) return;
  const begun = untracked(() => module.begin(id, player, keysOn));
  room.value = begun;
  return () => {
    begun.stop();
    room.value = undefined;
  };
});

const current = computed(() => sessions.value.find((s) => s.id === showing.value.session));
const next = computed<Slot | undefined>(() => nextOf(slots.value, clock.value));

// Who has switched the sound on keeps it when the next session begins.
let sound = false;
effect(() => {
  const p = player.value;
  if (!p) return;
  const video = document.querySelector('video');
  if (p.picture.value && sound && video?.muted && navigator.userActivation?.hasBeenActive !== false) video.muted = false;
  else if (p.picture.value) sound = !p.muted.value;
});

const when = (slot: Slot): string => {
  const at = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone.value, weekday: 'long', hour: '2-digit', minute: '2-digit', hour12: false });
  return `${at.format(Date.parse(slot.starts))} (${zone.value.replaceAll('_', ' ')})`;
};

/** Between two sessions. */
const Between = () => {
  const slot = next.value;
  return (
    <section class="screen" aria-label={t('screen.player')}>
      <div class="poster planned" aria-hidden="true" />
      <div class="slate" role="status">
        {slot ? (
          <>
            <p class="slate-word">{t('live.next')}</p>
            <p class="slate-title">{slot.title}</p>
            <p>{slot.names?.join(', ')}</p>
            <p class="figures">{when(slot)}</p>
          </>
        ) : (
          <p class="slate-title">{t(slots.value.length > 0 ? 'live.over' : 'home.quiet')}</p>
        )}
        <p class="slate-hint">{t(slot ? 'live.followHint' : 'live.overHint')}</p>
      </div>
      {slot && <div class="slate-clock"><Countdown until={Date.parse(slot.starts)} /></div>}
    </section>
  );
};

const Follow = () => {
  const s = current.value;
  const r = room.value;
  const today = dayOf(slots.value, showing.value.session, clock.value, zone.value);
  return (
    <>
      {s ? <Screen session={s} player={player} keysOn={keysOn} help={help} key={s.id}>{r && <r.Over />}</Screen> : <Between />}
      <Notice player={player} />
      <div class="below">{r && <r.Below />}</div>
      <div class="about">
        <div class="about-text">
          <h1>{s?.title ?? t('home.quiet')}</h1>
          {s && <Meta session={s} />}
        </div>
        <div class="actions">
          {s && <a class="button primary" href={`/s/${s.id}`}>{t('live.sessionPage')}</a>}
          <ShareButton title={document.title} />
        </div>
      </div>
      {s && <section class="room" aria-label={t('watch.room')}>{r && <r.Beside />}</section>}
      {s && <aside class="side"><OnStage people={s.participants} /><Elsewhere path={s.hls_url} /></aside>}
      {today.length > 0 && <Today slots={today} shown={showing.value.session} next={next.value?.session} zone={zone.value} />}
    </>
  );
};

render(<Follow />, document.getElementById('main')!);
render(<><ShortcutsDialog open={help} enabled={keysOn} /><Reach /></>, document.body.appendChild(document.createElement('div')));
keepFresh();
void hearSchedule().catch(() => {});

// The picture first: the room comes when the browser has nothing else to do.
const whenIdle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200));
whenIdle(() => void import('./room/watching').then((m) => (code.value = m)), { timeout: 2_000 });
