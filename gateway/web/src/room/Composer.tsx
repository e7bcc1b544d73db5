import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { clock, t } from '../app/i18n';
import type { Audience } from './audience';
import { Cross } from './icons';

const MOST = 500;

/** Where one writes. What stands in it is kept while the tab lives. */
export function Composer({ room }: { room: Audience }) {
  const text = useSignal(room.draft.get());
  const field = useRef<HTMLInputElement>(null);
  const set = (words: string) => room.draft.set((text.value = words));
  const send = () => {
    const words = text.value.trim();
    if (words === '') return;
    room.say(words);
    set('');
  };
  const shut = whyShut(room);
  const reply = room.replyTo.value;
  return (
    <form class="composer" onSubmit={(e) => (e.preventDefault(), send())}>
      {reply && (
        <p class="replying">
          <span dir="auto">{t('audience.replyTo', { name: reply.name })} {reply.text}</span>
          <button type="button" class="line-more" aria-label={t('audience.noReply')} onClick={() => (room.replyTo.value = undefined)}><Cross /></button>
        </p>
      )}
      {shut && <p class="hint" role="status">{shut}</p>}
      <div class="composer-row">
        <input ref={field} class="input" id="say" aria-label={t('audience.say')} placeholder={t('audience.say')} maxLength={MOST} autocomplete="off" enterkeyhint="send" dir="auto"
          value={text.value} disabled={room.state.value.closed} onInput={(e) => set(e.currentTarget.value)} />
        <button class="button primary" disabled={text.value.trim() === '' || shut !== undefined}>{t('audience.send')}</button>
      </div>
    </form>
  );
}

/** Why this viewer cannot write now, in words. */
function whyShut(room: Audience): string | undefined {
  const { banned, timed_out_until: until } = room.me.value;
  if (banned) return t('audience.banned');
  if (until && Date.parse(until) > Date.now()) return t('audience.timedOut', { time: clock(Date.parse(until)) });
  return undefined;
}
