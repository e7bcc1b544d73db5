// The host's desk.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { shutOut } from '../app/events';
import { type Key, t } from '../app/i18n';
import { Camera, Door } from '../components/icons-stage';
import type { Audience } from '../room/audience';
import { DeskPanel } from '../room/DeskPanel';
import { Ask, type Question } from '../stage/Ask';
import { differs, person, type Desk as State } from '../stage/desk';
import { Devices, SelfView } from '../stage/DeviceCheck';
import { Dialog } from '../stage/Dialog';
import { Head } from '../stage/Head';
import type { Me } from '../stage/me';
import { Refusal } from '../stage/Refusal';
import type { Room } from '../stage/room';
import { barKeys, SelfBar, SelfNotice } from '../stage/SelfBar';
import { Talk } from '../stage/talk';
import { TalkPanel } from '../stage/TalkPanel';
import { Sounds } from '../stage/Video';
import { InvitePanel } from './InvitePanel';
import { commandOf, isTaken } from './keys';
import { OverlayPanel } from './OverlayPanel';
import { People } from './People';
import { Preview, Program, Switcher } from './Pictures';

const tabs = ['messages', 'overlays', 'invite'] as const;
type Tab = (typeof tabs)[number];

/** One private conversation for each guest, opened when they are first seen. */
class Talks {
  private readonly all = new Map<string, Talk>();
  constructor(private readonly session: string) {}
  of = (id: string): Talk => {
    let talk = this.all.get(id);
    if (!talk) this.all.set(id, (talk = new Talk(this.session, id, id, (from) => from !== id)));
    return talk;
  };
}

export function Desk({ room, me, audience }: { room: Room; me: Me; audience: Audience }) {
  const question = useSignal<Question | undefined>(undefined);
  const tab = useSignal<Tab>('invite');
  const writingTo = useSignal('');
  const talks = useSignal(new Talks(room.session)).value;
  const fade = useSignal(false);
  const take = (faded: boolean) => ((fade.value = faded), void room.act('POST', 'take', { fade: faded }));
  useEffect(() => barKeys(me), [me]);
  useEffect(() => deskKeys(room, () => take(fade.value)), [room]);
  const desk = room.desk.value;
  if (shutOut.value) return <Shut />;
  if (!desk) return <p class="hint" role="status">{t('room.loading')}</p>;
  const write = (id: string) => {
    writingTo.value = id;
    tab.value = 'messages';
    requestAnimationFrame(() => document.querySelector<HTMLInputElement>('.talk-form input')?.focus());
  };
  return (
    <div class={`desk ${desk.phase}`}>
      <Head room={room}>
        <div class="desk-acts">
          <a class="button" href={`/studio/${encodeURIComponent(room.session)}/obs`}>{t('desk.encoder')}</a>
          <Air room={room} desk={desk} question={question} />
        </div>
      </Head>
      <Program me={me} desk={desk} />
      <div class="desk-preview">
        <Preview room={room} me={me} desk={desk} />
        <Switcher room={room} desk={desk} take={take} />
      </div>
      <People room={room} me={me} desk={desk} question={question} talkOf={talks.of} write={write} />
      <aside class="desk-side">
        <DeskPanel room={audience} desk={desk} />
        <section class="panel desk-tools" aria-label={t('desk.tabs')}>
          <Tabs tab={tab} />
          <div role="tabpanel" aria-label={t(`desk.tab.${tab.value}`)} class="desk-tab">
            {tab.value === 'messages' && <Messages desk={desk} talks={talks} to={writingTo} />}
            {tab.value === 'overlays' && <OverlayPanel room={room} desk={desk} />}
            {tab.value === 'invite' && <InvitePanel room={room} />}
          </div>
        </section>
      </aside>
      <Own room={room} me={me} desk={desk} />
      <Ask question={question} />
      <Sounds streams={me.returns.streams} speaker={me.media.choice.value.speaker} />
      <Refusal room={room} />
    </div>
  );
}

/** "Go live" and "End": the only two that viewers notice at once. */
function Air({ room, desk, question }: { room: Room; desk: State; question: Signal<Question | undefined> }) {
  const busy = useSignal(false);
  const start = async () => {
    busy.value = true;
    await room.act('POST', 'start');
    busy.value = false;
  };
  if (desk.phase !== 'live') {
    return <button type="button" class="button primary big" disabled={busy.value} onClick={() => void start()}>{t(desk.phase === 'ended' ? 'desk.goLiveAgain' : 'desk.goLive')}</button>;
  }
  const end = () => (question.value = { title: t('desk.endTitle'), text: t('desk.endText'), yes: t('desk.end'), act: () => room.act('POST', 'end') });
  return <button type="button" class="button danger big" onClick={end}>{t('desk.end')}</button>;
}

const Tabs = ({ tab }: { tab: Signal<Tab> }) => {
  const move = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    tab.value = tabs[(tabs.indexOf(tab.value) + step + tabs.length) % tabs.length]!;
    document.querySelector<HTMLElement>(`#tab-${tab.value}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t('desk.tabs')} onKeyDown={move}>
      {tabs.map((name) => (
        <button type="button" role="tab" id={`tab-${name}`} key={name} aria-selected={tab.value === name} tabIndex={tab.value === name ? 0 : -1} onClick={() => (tab.value = name)}>{t(`desk.tab.${name}`)}</button>
      ))}
    </div>
  );
};

function Messages({ desk, talks, to }: { desk: State; talks: Talks; to: Signal<string> }) {
  const guests = desk.people.filter((p) => p.role === 'guest' && !p.of && p.place !== 'removed');
  const chosen = person(desk, to.value) ?? guests[0];
  if (!chosen) return <p class="hint">{t('desk.noGuest')}</p>;
  return (
    <>
      <div class="field">
        <label for="talk-to">{t('desk.talkTo')}</label>
        <select id="talk-to" class="input" value={chosen.id} onChange={(e) => (to.value = e.currentTarget.value)}>
          {guests.map((p) => <option key={p.id} value={p.id}>{p.name}{talks.of(p.id).unread.value > 0 ? ` (${talks.of(p.id).unread.value})` : ''}</option>)}
        </select>
      </div>
      <TalkPanel key={chosen.id} talk={talks.of(chosen.id)} hint={t('desk.talkHint', { name: chosen.name })} />
    </>
  );
}

/** The host's own camera: from this browser, from an encoder, or not at all. */
function Own({ room, me, desk }: { room: Room; me: Me; desk: State }) {
  const checking = useSignal(false);
  const { media } = me;
  const open = () => ((checking.value = true), void media.open());
  const join = () => {
    checking.value = false;
    me.join();
    void room.me(me.id, { self_muted: media.muted.value, self_camera_off: media.cameraOff.value });
  };
  const host = person(desk, me.id);
  const via = host?.via;
  const cancel = () => {
    checking.value = false;
    if (!me.sending.value) media.close();
  };
  return (
    <div class="room-bar">
      <SelfNotice me={me} room={room} />
      {me.sending.value ? (
        <SelfBar me={me} room={room}>
          <button type="button" class="bar-toggle leave" onClick={() => (me.leave(), media.close())}><Door /><span>{t('desk.stopCamera')}</span></button>
        </SelfBar>
      ) : (
        <div class="self-bar">
          <button type="button" class="button" onClick={open}><Camera />{t('desk.useCamera')}</button>
          <p class="hint">{via ? t('desk.via', { name: host?.name ?? '', via: via.toUpperCase() }) : t('desk.useCameraHint')}</p>
        </div>
      )}
      <Dialog open={checking.value} close={cancel} title={t('desk.useCamera')}>
        <div class="dialog-check">
          <SelfView media={media} />
          <Devices media={media} />
        </div>
        <p class="hint">{t(desk.phase === 'live' ? 'desk.joinLive' : 'desk.joinOff')}</p>
        <div class="actions end">
          <button type="button" class="button" onClick={cancel}>{t('room.cancel')}</button>
          <button type="button" class="button primary" onClick={join}>{t('desk.join')}</button>
        </div>
      </Dialog>
    </div>
  );
}

const Shut = () => (
  <section class="lost" role="status">
    <h1>{t('desk.shutTitle')}</h1>
    <p>{t('desk.shutText')}</p>
    <a class="button primary" href={`/signin?next=${encodeURIComponent(location.pathname)}`}>{t('desk.signIn' satisfies Key)}</a>
  </section>
);

/** 0 to 6 choose a layout, Enter takes, Esc puts preview back to what is on air. */
function deskKeys(room: Room, take: () => void): () => void {
  const pressed = (e: KeyboardEvent) => {
    const desk = room.desk.value;
    const command = commandOf(e);
    if (!desk || !command || e.repeat || isTaken(e, document.activeElement as HTMLElement | null, document.querySelector('dialog[open]') !== null)) return;
    if (command.act === 'take') take();
    else if (command.act === 'layout') void room.preview({ layout: command.layout, slate: '' });
    else if (differs(desk)) {
      const { layout, spotlight = '', slate = '' } = desk.program;
      void room.preview({ layout, spotlight, slate });
    }
    e.preventDefault();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}
