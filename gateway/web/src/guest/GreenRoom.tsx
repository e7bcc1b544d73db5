// A guest's room: where they are in words, what is on air, who is there, and a
// private line to the host.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { shutOut } from '../app/events';
import { t } from '../app/i18n';
import { Door, Hand } from '../components/icons-stage';
import { PROGRAM } from '../rtc/slots';
import type { Desk } from '../stage/desk';
import { Ask, type Question } from '../stage/Ask';
import { Clock } from '../stage/Head';
import type { Me } from '../stage/me';
import { Refusal } from '../stage/Refusal';
import type { Room } from '../stage/room';
import { barKeys, SelfBar, SelfNotice } from '../stage/SelfBar';
import type { Talk } from '../stage/talk';
import { TalkPanel } from '../stage/TalkPanel';
import { Tile } from '../stage/Tile';
import { Sounds, Video } from '../stage/Video';
import { inRoom, type Where, whereIs } from './words';

interface Props {
  room: Room;
  me: Me;
  talk: Talk;
  /** Comes again after leaving. */
  again: () => void;
}

export function GreenRoom({ room, me, talk, again }: Props) {
  const question = useSignal<Question | undefined>(undefined);
  const removed = useComputed(() => shutOut.value || me.returns.removed.value !== undefined);
  useEffect(() => barKeys(me), [me]);
  // Whoever is out is neither seen nor heard, and their camera's light goes out.
  useSignalEffect(() => {
    const place = room.person(me.id)?.place;
    if (removed.value || place === 'removed') (me.close(), room.stop());
    else if (place === 'left') me.leave();
  });
  const desk = room.desk.value;
  const self = room.person(me.id);
  if (!desk) return <p class="hint" role="status">{t('room.loading')}</p>;
  // Nobody is in the list of a desk that has removed them.
  const where: Where = removed.value ? 'removed' : whereIs(self?.place ?? 'waiting', desk.phase);
  const host = desk.people.find((p) => p.role === 'host')?.name ?? t('role.host');
  if (!inRoom(where)) return <Gone where={where} host={host} again={again} />;
  const cutOff = where === 'onAir' && me.publisher.state.value.at !== 'connected';
  const you = { ...(self ?? nobody), id: me.id, name: t('guest.you'), self_muted: me.silenced, self_camera_off: me.media.cameraOff.value };
  const own = me.pictureOf(you);
  const hand = room.intents.of(`person/${me.id}.hand`, self?.hand ?? false);
  const leave = () =>
    (question.value = {
      title: t('guest.leaveTitle'), text: t(where === 'onAir' ? 'guest.leaveOnAir' : 'guest.leaveText'), yes: t('guest.leave'),
      act: async () => {
        me.leave();
        await room.me(me.id, { place: 'left' });
      },
    });
  return (
    <div class={`green-room ${where}`}>
      <h1 class="unseen">{desk.title}</h1>
      <div class={`where ${where}`} role="status">
        <p class="where-words"><b>{t(`guest.place.${where}`)}</b> <span>{t(`guest.hint.${cutOff ? 'cutOff' : where}`, { host })}</span></p>
        <Clock room={room} />
      </div>
      <section class="program" aria-label={t('guest.program')}>
        <Program me={me} desk={desk} />
      </section>
      <section class="room-people" aria-label={t('guest.others')}>
        <Tile desk={desk} person={you} stream={own} mirrored={own === me.media.view.value} />
        {desk.people.filter((p) => p.id !== me.id && me.returns.streams.value.has(p.id)).map((p) => (
          <Tile key={p.id} desk={desk} person={p} stream={me.pictureOf(p)} still={me.returns.still.value.has(p.id)} />
        ))}
      </section>
      <section class="panel room-talk" aria-label={t('guest.talk', { host })}>
        <h2>{t('guest.talk', { host })}</h2>
        <TalkPanel talk={talk} hint={t('guest.talkHint', { host })} />
      </section>
      <div class="room-bar">
        <SelfNotice me={me} room={room} />
        <SelfBar me={me} room={room}>
          <button type="button" class={`bar-toggle${hand ? ' active' : ''}`} aria-pressed={hand} onClick={() => void room.me(me.id, { hand: !hand })}><Hand /><span>{t(hand ? 'guest.handDown' : 'guest.hand')}</span></button>
          <button type="button" class="bar-toggle leave" onClick={leave}><Door /><span>{t('guest.leave')}</span></button>
        </SelfBar>
      </div>
      <Ask question={question} />
      <Sounds streams={me.returns.streams} speaker={me.media.choice.value.speaker} />
      <Refusal room={room} />
    </div>
  );
}

const nobody = {
  id: '', name: '', role: 'guest', place: 'waiting', since: '', present: true,
  muted: false, camera_off: false, self_muted: false, self_camera_off: false, volume: 1,
} as const;

function Program({ me, desk }: { me: Me; desk: Desk }) {
  const stream = me.returns.program.value;
  const link = me.returns.state.value;
  if (link.at === 'connected' && me.returns.blind.value) return <p class="self-words">{t('link.blind')}</p>;
  if (stream && link.at === 'connected') {
    return (
      <>
        <Video stream={stream} label={t('guest.program')} />
        {me.returns.still.value.has(PROGRAM) && <p class="monitor-words" role="status">{t('room.programPaused')}</p>}
      </>
    );
  }
  return (
    <p class="self-words">
      {link.at === 'waiting' ? t('self.lost', { s: link.seconds, why: link.why }) : link.at === 'refused' ? link.why : t(desk.phase === 'live' ? 'room.connecting' : 'guest.programSoon')}
    </p>
  );
}

const Gone = ({ where, host, again }: { where: Where; host: string; again: () => void }) => (
  <section class="lost" role="status">
    <h1>{t(`guest.place.${where}`)}</h1>
    <p>{t(`guest.hint.${where}`, { host })}</p>
    {where === 'left' && <button type="button" class="button primary" onClick={again}>{t('guest.again')}</button>}
  </section>
);
