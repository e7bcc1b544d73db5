// The picture that viewers have, and the acts on the stage that a moderator may do.
import { type Signal, signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { api } from '../app/api';
import { session } from '../app/state';
import { t } from '../app/i18n';
import { Screen } from '../components/Screen';
import type { Player } from '../player/player';
import { Ask, type Question } from '../stage/Ask';
import type { Desk, Person } from '../stage/desk';
import type { Room } from '../stage/room';
import { placeWord } from '../studio/actions';

const RETRY_MS = 5_000;

// The console has keys of its own: the player's stay off here.
const noKeys = signal(false);
const noHelp = signal(false);

const gone = (p: Person): boolean => p.place === 'invited' || p.place === 'left' || p.place === 'removed';

function PersonLine({ stage, desk, person: p, ask }: { stage: Room; desk: Desk; person: Person; ask: (q: Question) => void }) {
  const muted = stage.intents.of(`person/${p.id}.muted`, p.muted);
  const remove = () => ask({
    title: t('mod.removeTitle', { name: p.name }), text: t('mod.removeText'), yes: t('mod.remove'),
    act: () => stage.act('POST', `people/${encodeURIComponent(p.id)}/remove`),
  });
  return (
    <li class="mod-stage-line">
      <span class="mod-stage-name"><b>{p.name}</b> <span class="muted">{t(`place.${placeWord(desk, p)}`)}</span></span>
      <span class="mod-acts">
        {muted ? <span class="mod-mark">{t('mod.muted')}</span> : <button type="button" class="button small" aria-label={t('mod.muteOf', { name: p.name })} onClick={() => void stage.change(p.id, { muted: true })}>{t('mod.mute')}</button>}
        {p.role === 'guest' && !p.of && <button type="button" class="button small danger" aria-label={t('mod.removeOf', { name: p.name })} onClick={remove}>{t('mod.remove')}</button>}
      </span>
    </li>
  );
}

function Acts({ stage, question }: { stage: Room; question: Signal<Question | undefined> }) {
  const desk = stage.desk.value;
  if (!desk) return <p class="hint">{t('mod.noStage')}</p>;
  const slate = stage.intents.of('program.slate', desk.program.slate ?? '') !== '';
  const flip = () => {
    const kind = slate ? '' : 'brb';
    void stage.intents.want('program.slate', kind, () => api('PUT', stage.at('slate'), { slate: kind }));
  };
  const end = () => (question.value = { title: t('mod.endTitle'), text: t('mod.endText'), yes: t('mod.end'), act: () => stage.act('POST', 'end') });
  const people = desk.people.filter((p) => !gone(p));
  return (
    <>
      {people.length === 0 ? <p class="hint">{t('mod.emptyStage')}</p> : <ul>{people.map((p) => <PersonLine key={p.id} stage={stage} desk={desk} person={p} ask={(q) => (question.value = q)} />)}</ul>}
      {desk.phase === 'live' && (
        <div class="mod-acts">
          <button type="button" class="button small" aria-pressed={slate} onClick={flip}>{t(slate ? 'mod.slateOff' : 'mod.slate')}</button>
          <button type="button" class="button small danger" onClick={end}>{t('mod.end')}</button>
        </div>
      )}
    </>
  );
}

/** A stage that is not there yet is asked for again, until the session has one. */
function useStage(stage: Room): void {
  useEffect(() => {
    let timer = 0;
    const look = async () => {
      if (await stage.load()) stage.start();
      else timer = window.setTimeout(() => void look(), RETRY_MS);
    };
    void look();
    return () => (clearTimeout(timer), stage.stop());
  }, [stage]);
}

export function StagePanel({ stage }: { stage: Room }) {
  const question = useSignal<Question | undefined>(undefined);
  const player = useMemo(() => signal<Player | undefined>(undefined), []);
  useStage(stage);
  const s = session.value;
  return (
    <section class="mod-room" aria-label={t('mod.room')}>
      {s && <Screen session={s} player={player} keysOn={noKeys} help={noHelp} />}
      <details class="panel mod-stage" open={matchMedia('(max-width: 1100px)').matches}>
        <summary>{t('mod.stage')}</summary>
        <div class="mod-stage-acts"><Acts stage={stage} question={question} /></div>
      </details>
      <Ask question={question} />
    </section>
  );
}
