import { useSignal } from '@preact/signals';
import { t } from '../app/i18n';
import type { Audience } from './audience';

const FEWEST = 2;
const MOST = 6;

/** A question with two to six answers. */
export function NewPoll({ room }: { room: Audience }) {
  const question = useSignal('');
  const options = useSignal<string[]>(['', '']);
  const filled = options.value.map((o) => o.trim()).filter((o) => o !== '');
  const make = async () => {
    if (!(await room.act('POST', 'polls', { question: question.value.trim(), options: filled }))) return;
    question.value = '';
    options.value = ['', ''];
  };
  return (
    <details class="new-poll" open={room.polls.value.length === 0}>
      <summary>{t('audience.pollNew')}</summary>
      <form class="form" onSubmit={(e) => (e.preventDefault(), void make())}>
        <div class="field">
          <label for="poll-question">{t('audience.pollQuestion')}</label>
          <input id="poll-question" class="input" dir="auto" maxLength={140} autocomplete="off" value={question.value} onInput={(e) => (question.value = e.currentTarget.value)} />
        </div>
        {options.value.map((option, n) => (
          <input key={n} class="input" dir="auto" maxLength={60} autocomplete="off" aria-label={t('audience.pollOption', { n: n + 1 })} placeholder={t('audience.pollOption', { n: n + 1 })}
            value={option} onInput={(e) => (options.value = options.value.map((o, at) => (at === n ? e.currentTarget.value : o)))} />
        ))}
        <div class="actions">
          <button class="button small primary" disabled={question.value.trim() === '' || filled.length < FEWEST}>{t('audience.pollMake')}</button>
          {options.value.length < MOST && <button type="button" class="button small quiet" onClick={() => (options.value = [...options.value, ''])}>{t('audience.pollMore')}</button>}
        </div>
      </form>
    </details>
  );
}
