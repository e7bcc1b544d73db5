// Questions: everybody asks and votes; who runs the session takes them in turn.
import { useSignal } from '@preact/signals';
import { api, path, sentence } from '../app/api';
import { t } from '../app/i18n';
import type { Audience } from './audience';
import { Up } from './icons';
import { Who } from './Line';
import { newId } from './outbox';
import type { Question, QuestionState } from './types';

export function Questions({ room, crew = false }: { room: Audience; crew?: boolean }) {
  const questions = room.questions.value.filter((q) => q.state !== 'dismissed');
  return (
    <div class="questions">
      {!crew && <Asking room={room} />}
      {room.refusal.value && <p class="problem" role="alert">{room.refusal.value}</p>}
      {questions.length === 0 && <p class="log-word">{t(crew ? 'audience.noQuestionsDesk' : 'audience.noQuestions')}</p>}
      <ul class="question-list">{questions.map((q) => <OneQuestion key={q.id} q={q} room={room} crew={crew} />)}</ul>
    </div>
  );
}

function OneQuestion({ q, room, crew }: { q: Question; room: Audience; crew: boolean }) {
  const voted = room.voted.value.has(q.id);
  const open = q.state === 'open' || q.state === 'next';
  return (
    <li class={`question ${q.state}`}>
      <button type="button" class="vote figures" aria-pressed={voted} disabled={!open || !room.named.value || room.isMine(q.by)} onClick={() => void room.vote(q.id)}>
        <Up />{q.votes}<span class="unseen"> {t('audience.vote')}</span>
      </button>
      <div class="question-text">
        <p dir="auto">{q.text}</p>
        <p class="hint"><Who by={q.by} name={q.name} badge="" />{q.state !== 'open' && <span class="question-state">{t(`audience.question.${q.state}`)}</span>}</p>
        {crew && <Acts q={q} room={room} />}
      </div>
    </li>
  );
}

/** What can be done with a question, by where it stands. */
const acts: Record<QuestionState, QuestionState[]> = {
  open: ['on_air', 'next', 'answered', 'dismissed'],
  next: ['on_air', 'open', 'answered'],
  on_air: ['answered'],
  answered: ['open'],
  dismissed: ['open'],
};

const Acts = ({ q, room }: { q: Question; room: Audience }) => (
  <div class="acts">
    {acts[q.state].map((state) => (
      <button type="button" key={state} class={state === 'on_air' ? 'button small primary' : 'button small quiet'} onClick={() => void room.act('PATCH', path('questions', q.id), { state })}>
        {t(`audience.do.${state}`)}
      </button>
    ))}
  </div>
);

function Asking({ room }: { room: Audience }) {
  const text = useSignal(room.question.get());
  const said = useSignal('');
  const problem = useSignal('');
  const busy = useSignal(false);
  if (room.state.value.closed) return null;
  if (!room.named.value) return <p class="hint">{t('audience.askNamed')}</p>;
  const set = (words: string) => room.question.set((text.value = words));
  const ask = async () => {
    busy.value = true;
    said.value = problem.value = '';
    try {
      const answer = await api<{ held?: boolean }>('POST', room.at('questions'), { id: newId(), text: text.value.trim() });
      set('');
      said.value = t(answer?.held ? 'audience.askHeld' : 'audience.asked');
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  };
  return (
    <form class="form ask" onSubmit={(e) => (e.preventDefault(), void ask())}>
      <label class="label" for="ask">{t('audience.ask')}</label>
      <textarea id="ask" class="input" rows={2} maxLength={280} dir="auto" value={text.value} onInput={(e) => set(e.currentTarget.value)} />
      {problem.value && <p class="error" role="alert">{problem.value}</p>}
      <div class="actions"><button class="button primary" disabled={busy.value || text.value.trim() === ''}>{t('audience.askSend')}</button><span class="hint" role="status">{said.value}</span></div>
    </form>
  );
}
