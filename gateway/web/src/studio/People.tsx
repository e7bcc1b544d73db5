// Everybody who is or may come on stage, and what the host does with each.
import type { Signal } from '@preact/signals';
import { type Key, t } from '../app/i18n';
import { Back, Bin, CameraOff, Letter, MicOff, Star } from '../components/icons-stage';
import type { Question } from '../stage/Ask';
import { person, type Desk, type Person } from '../stage/desk';
import type { Me } from '../stage/me';
import type { Room } from '../stage/room';
import { Tile, isDark, isMuted, nameOf } from '../stage/Tile';
import type { Talk } from '../stage/talk';
import { type Action, actionsFor, placeWord, stageFull } from './actions';

interface Props {
  room: Room;
  me: Me;
  desk: Desk;
  question: Signal<Question | undefined>;
  talkOf: (id: string) => Talk;
  write: (id: string) => void;
}

export const People = (props: Props) => {
  const shown = props.desk.people.filter((p) => p.place !== 'removed');
  return (
    <section class="desk-people" aria-label={t('desk.people')}>
      <ul class="person-cards">{shown.map((p) => <PersonCard key={p.id} {...props} p={p} />)}</ul>
    </section>
  );
};

function PersonCard({ room, me, desk, question, talkOf, write, p }: Props & { p: Person }) {
  const { intents } = room;
  const field = (name: string) => `person/${p.id}.${name}`;
  // What was asked for shows at once.
  const is: Person = { ...p, place: intents.of(field('place'), p.place), muted: intents.of(field('muted'), p.muted), camera_off: intents.of(field('camera_off'), p.camera_off) };
  const stream = me.pictureOf(p);
  const talk = p.role === 'guest' && !p.of ? talkOf(p.id) : undefined;
  return (
    <li class={`person-card ${is.place}`}>
      <Tile desk={desk} person={is} stream={stream} mirrored={stream !== undefined && stream === me.media.view.value} still={me.returns.still.value.has(is.id)} />
      <p class="person-line">
        <b class="person-card-name" dir="auto">{nameOf(p)}</b>
        <span class={`place ${placeWord(desk, is)}`}>{t(`place.${placeWord(desk, is)}`)}</span>
        {is.hand && <span class="mark">{t('desk.hand')}</span>}
        {p.quality && p.quality !== 'good' && <span class="mark warn">{t(`desk.quality.${p.quality}`)}</span>}
        {isMuted(is) && <span class="mark">{t('tile.muted')}</span>}
        {isDark(is) && <span class="mark">{t('tile.dark')}</span>}
      </p>
      <Acts room={room} desk={desk} question={question} p={is} />
      <div class="person-foot">
        <Volume room={room} p={p} />
        {talk && (
          <button type="button" class="button small quiet" onClick={() => write(p.id)}>
            <Letter />{t('desk.message')}{talk.unread.value > 0 && <span class="count figures">{talk.unread.value}<span class="unseen"> {t('desk.unread')}</span></span>}
          </button>
        )}
      </div>
    </li>
  );
}

function Acts({ room, desk, question, p }: { room: Room; desk: Desk; question: Signal<Question | undefined>; p: Person }) {
  const full = stageFull(desk) && p.role === 'guest' && !p.of;
  const spotlit = room.intents.of('preview.spotlight', desk.preview.spotlight ?? '') === p.id;
  const acts: Record<Action, () => void> = {
    admit: () => void room.change(p.id, { place: 'backstage' }),
    onAir: () => void room.change(p.id, { place: 'on_air' }),
    sendBack: () => void room.change(p.id, { place: 'back' }),
    mute: () => void room.change(p.id, { muted: true }),
    cameraOff: () => void room.change(p.id, { camera_off: true }),
    spotlight: () => void room.preview({ spotlight: spotlit ? '' : p.id }),
    remove: () => (question.value = removal(room, desk, p)),
  };
  const name = { name: p.name };
  return (
    <div class="acts" role="group" aria-label={t('desk.actsFor', name)}>
      {actionsFor(p).map((act) => {
        const shape = shapes[act];
        const words = t(act === 'spotlight' && spotlit ? 'desk.act.unspotlight' : `desk.act.${act}`);
        const disabled = act === 'onAir' && full;
        return (
          <button type="button" key={act} class={`button small${shape.class}`} disabled={disabled} title={disabled ? t('desk.full') : undefined}
            aria-label={`${words}: ${nameOf(p)}`} aria-pressed={act === 'spotlight' ? spotlit : undefined} onClick={acts[act]}>
            {shape.icon?.()}<span>{words}</span>
          </button>
        );
      })}
      {full && actionsFor(p).includes('onAir') && <p class="hint">{t('desk.full')}</p>}
    </div>
  );
}

const shapes: Record<Action, { class: string; icon?: typeof MicOff }> = {
  admit: { class: ' primary' },
  onAir: { class: '' },
  sendBack: { class: '', icon: Back },
  mute: { class: ' quiet', icon: MicOff },
  cameraOff: { class: ' quiet', icon: CameraOff },
  spotlight: { class: ' quiet', icon: Star },
  remove: { class: ' quiet', icon: Bin },
};

const removal = (room: Room, desk: Desk, p: Person): Question => ({
  title: t('desk.removeTitle', { name: p.name }),
  text: t('desk.removeText', { name: person(desk, p.id)?.name ?? p.name }),
  yes: t('desk.act.remove' satisfies Key),
  act: () => room.act('POST', `people/${encodeURIComponent(p.id)}/remove`),
});

/** How loud a person is in the program. Applied when the hand lets go, shown at once. */
function Volume({ room, p }: { room: Room; p: Person }) {
  const volume = room.intents.of(`person/${p.id}.volume`, p.volume);
  return (
    <label class="volume">
      <span>{t('desk.volume')}</span>
      <input type="range" min="0" max="2" step="0.05" value={volume} aria-label={t('desk.volumeOf', { name: p.name })}
        aria-valuetext={`${Math.round(volume * 100)} %`} onChange={(e) => void room.change(p.id, { volume: Number(e.currentTarget.value) })} />
    </label>
  );
}
