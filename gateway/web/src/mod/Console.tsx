// The moderators' console of one session.
import { effect, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { connected } from '../app/events';
import { count, t } from '../app/i18n';
import { session, unreachable } from '../app/state';
import { Keyboard } from '../components/icons';
import { Refused } from '../office/form';
import { Room } from '../stage/room';
import { secondsLeft } from './board';
import { Asks, KeysDialog } from './Asks';
import { Deeds, type Tab, tabs } from './deeds';
import { type Command, commandOf, isTaken } from './keys';
import { Levers } from './Levers';
import { Lines } from './Lines';
import { PersonCard } from './PersonCard';
import { ModRoom } from './room';
import { StagePanel } from './StagePanel';
import { Waiting } from './Waiting';

const KEYS = 'regie-mod-keys';
const keysOn = signal(localStorage.getItem(KEYS) !== 'off');
const help = signal(false);
effect(() => localStorage.setItem(KEYS, keysOn.value ? 'on' : 'off'));

export function Console({ id }: { id: string }) {
  const { room, stage, deeds } = useMemo(() => {
    const room = new ModRoom(id);
    return { room, stage: new Room(id), deeds: new Deeds(room) };
  }, [id]);
  useEffect(() => {
    room.start();
    return listenToKeys(room, deeds);
  }, [room]);
  if (room.lost.value) return <div class="mod-lost"><h1>{t('mod.title')}</h1><Refused problem={room.lost.value} /></div>;
  return (
    <div class="mod" data-tab={deeds.tab.value}>
      <Head room={room} />
      <Queued room={room} />
      <Tabs room={room} tab={deeds.tab} />
      <Levers room={room} deeds={deeds} />
      <Lines room={room} deeds={deeds} />
      <Waiting room={room} deeds={deeds} />
      <StagePanel stage={stage} />
      <PersonCard room={room} deeds={deeds} />
      <Asks room={room} deeds={deeds} />
      <KeysDialog open={help} enabled={keysOn} />
      <Toasts room={room} stage={stage} />
    </div>
  );
}

const Head = ({ room }: { room: ModRoom }) => {
  const s = session.value;
  return (
    <div class="mod-head">
      <div class="mod-title">
        <h1>{s?.title ?? t('mod.title')}</h1>
        <p class="mod-meta">
          {s?.phase === 'live' ? <span class="badge live">{t('badge.live')}</span> : s && <span class="badge">{t(`phase.${s.phase}`)}</span>}
          {room.viewers.value !== undefined && <span class="muted figures">{count('watching', room.viewers.value)}</span>}
          <a href="/mod">{t('mod.allRooms')}</a>
          <a href={`/s/${encodeURIComponent(room.session)}`}>{t('mod.watch')}</a>
        </p>
      </div>
      <button type="button" class="button small wide-only-keys" onClick={() => (help.value = true)}><Keyboard />{t(keysOn.value ? 'mod.keys' : 'mod.keysOff')}</button>
    </div>
  );
};

/** What is done and not sent yet: nothing is lost, and nobody is told otherwise. */
const Queued = ({ room }: { room: ModRoom }) => {
  const { waiting, stuck } = room.queue;
  return (
    <div class="mod-queued" role="status">
      {stuck.value && waiting.value > 0 ? (
        <p class="problem">
          <span>{count('mod.queued', waiting.value)}</span>{' '}
          <button type="button" class="button small" onClick={room.refresh}>{t('reach.tryNow')}</button>
        </p>
      ) : (
        !connected.value && room.board.value !== undefined && <p class="hint">{t('mod.slowly')}</p>
      )}
    </div>
  );
};

const Tabs = ({ room, tab }: { room: ModRoom; tab: Signal<Tab> }) => {
  const choose = (name: Tab) => {
    tab.value = name;
    if (name === 'live' || name === 'held') room.column.value = name;
  };
  return (
    <nav class="tabs mod-tabs" aria-label={t('mod.columns')}>
      {tabs.map((name) => (
        <button type="button" key={name} aria-pressed={tab.value === name} onClick={() => choose(name)}>
          {t(`mod.${name}`)}{name === 'held' && room.waiting.value.length > 0 && <span class="count figures">{room.waiting.value.length}</span>}
        </button>
      ))}
    </nav>
  );
};

/** At the foot of the page: what can be taken back, and what went wrong. */
const Toasts = ({ room, stage }: { room: ModRoom; stage: Room }) => {
  const undo = room.undo.value;
  const left = undo ? secondsLeft(new Date(undo.until).toISOString(), room.now.value) : 0;
  const refusal = room.refusal.value || stage.refusal.value;
  const close = () => {
    room.refusal.value = '';
    stage.refusal.value = undefined;
  };
  return (
    <div class="toasts" role="status">
      {undo && left > 0 && (
        <p class="toast">
          <span>{undo.says}</span>
          <button type="button" class="button" onClick={room.takeBack}>{t('mod.undo')} <span class="figures" aria-hidden="true">{left}</span><kbd aria-hidden="true">U</kbd></button>
        </p>
      )}
      {refusal && (
        <p class="toast">
          <span>{refusal}</span>
          <button type="button" class="button" onClick={close}>{t('room.close')}</button>
        </p>
      )}
      {unreachable.value !== undefined && (
        <p class="toast">
          <span class="figures">{t('reach.lost', { s: unreachable.value })}</span>
          <button type="button" class="button" onClick={room.refresh}>{t('reach.tryNow')}</button>
        </p>
      )}
    </div>
  );
};

function act(command: Command, room: ModRoom, deeds: Deeds): void {
  const item = room.item();
  const held = room.item('held');
  const acts: Record<Command, () => unknown> = {
    next: () => show(room, room.step(1)),
    previous: () => show(room, room.step(-1)),
    hide: () => item && deeds.hide(item),
    timeout: () => (item ? deeds.timeout(item) : room.person.value && deeds.about('timeout', room.person.value.id, room.person.value.name)),
    ban: () => (item ? deeds.ban(item) : room.person.value && deeds.about('ban', room.person.value.id, room.person.value.name)),
    undo: room.takeBack,
    approve: () => held && deeds.decide(held, 'approve'),
    deny: () => held && deeds.decide(held, 'deny'),
    find: () => ((deeds.tab.value = 'live'), requestAnimationFrame(() => document.getElementById('mod-find')?.focus())),
    help: () => (help.value = true),
  };
  acts[command]();
}

/** Brings the selected row into view, with the focus. */
function show(room: ModRoom, id: string | undefined): void {
  const row = () => id !== undefined && document.getElementById(`${room.column.value}-${id}`);
  requestAnimationFrame(() => {
    const element = row();
    if (!element) return;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: 'nearest' });
  });
}

/** The letters act while they are switched on; arrows in a list always do. */
function listenToKeys(room: ModRoom, deeds: Deeds): () => void {
  const pressed = (e: KeyboardEvent) => {
    const focus = document.activeElement;
    if (document.querySelector('dialog[open]') || isTaken(focus)) return;
    const arrow = e.key === 'ArrowDown' ? 'next' : e.key === 'ArrowUp' ? 'previous' : undefined;
    const inList = focus?.matches('.mod-row') ?? false;
    const command = arrow && inList ? arrow : keysOn.value ? commandOf(e) : undefined;
    if (command === undefined) return;
    e.preventDefault();
    act(command, room, deeds);
  };
  const focused = (e: FocusEvent) => {
    const [, column, id] = /^(live|held)-(.+)$/.exec((e.target as HTMLElement).id ?? '') ?? [];
    if ((column === 'live' || column === 'held') && id !== undefined) room.select(column, id);
  };
  addEventListener('keydown', pressed);
  document.addEventListener('focusin', focused);
  return () => {
    removeEventListener('keydown', pressed);
    document.removeEventListener('focusin', focused);
  };
}
