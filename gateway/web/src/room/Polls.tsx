// Polls: one choice each, changeable while it is open. Results show to who has
// chosen, and to all once they are shown or the poll is over.
import { useSignal } from '@preact/signals';
import { path } from '../app/api';
import { count, t } from '../app/i18n';
import type { Audience } from './audience';
import type { Poll } from './types';

/** Those that viewers are to see: open ones, and those whose result is shown. */
export const seen = (polls: readonly Poll[]): Poll[] => polls.filter((p) => p.state === 'open' || p.shown);

export const Polls = ({ room }: { room: Audience }) => (
  <div class="polls">{seen(room.polls.value).map((p) => <OnePoll key={p.id} poll={p} room={room} />)}</div>
);

export function OnePoll({ poll, room, crew = false }: { poll: Poll; room: Audience; crew?: boolean }) {
  const choice = useSignal<number | undefined>(undefined);
  const chosen = room.chosen.value.get(poll.id);
  const all = poll.options.reduce((sum, o) => sum + o.votes, 0);
  const open = poll.state === 'open';
  const results = crew || poll.shown || !open || chosen !== undefined;
  const picked = choice.value ?? chosen;
  return (
    <form class={`poll ${poll.state}`} onSubmit={(e) => (e.preventDefault(), picked !== undefined && void room.choose(poll.id, picked))}>
      <fieldset disabled={!open || !room.named.value || crew}>
        <legend dir="auto">{poll.question}</legend>
        {poll.options.map((option, n) => {
          const share = all > 0 ? Math.round((100 * option.votes) / all) : 0;
          return (
            <label class="option" key={n} style={{ '--share': results ? `${share}%` : '0%' }}>
              {!crew && <input type="radio" name={`poll-${poll.id}`} checked={picked === n} onChange={() => (choice.value = n)} />}
              <span dir="auto">{option.text}</span>
              {results && <span class="figures share">{t('audience.percent', { n: share })}</span>}
            </label>
          );
        })}
      </fieldset>
      <div class="actions">
        {open && !crew && room.named.value && <button class="button small primary" disabled={picked === undefined || picked === chosen}>{t(chosen === undefined ? 'audience.pollVote' : 'audience.pollChange')}</button>}
        <span class="hint figures">{results && count('audience.pollVotes', all)} {!open && t('audience.pollOver')}{open && !crew && !room.named.value && t('audience.pollNamed')}</span>
        {crew && <Acts poll={poll} room={room} />}
      </div>
    </form>
  );
}

const Acts = ({ poll, room }: { poll: Poll; room: Audience }) => {
  const change = (patch: object) => void room.act('PATCH', path('polls', poll.id), patch);
  return (
    <>
      {poll.state === 'open'
        ? <button type="button" class="button small" onClick={() => change({ state: 'closed' })}>{t('audience.pollClose')}</button>
        : <button type="button" class="button small quiet" onClick={() => change({ state: 'open' })}>{t('audience.pollOpen')}</button>}
      <button type="button" class="button small quiet" aria-pressed={poll.shown} onClick={() => change({ shown: !poll.shown })}>{t(poll.shown ? 'audience.pollHide' : 'audience.pollShow')}</button>
    </>
  );
};
