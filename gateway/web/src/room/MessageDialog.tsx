import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { path } from '../app/api';
import { clock, t } from '../app/i18n';
import { Dialog } from '../stage/Dialog';
import type { Audience } from './audience';
import type { Message } from './types';

const reasons = ['spam', 'abuse', 'other'] as const;

/** What can be done about one message: answer it, or report it. */
export function MessageDialog({ room, about }: { room: Audience; about: Signal<Message | undefined> }) {
  const reason = useSignal<(typeof reasons)[number] | undefined>(undefined);
  const note = useSignal('');
  const done = useSignal(false);
  const message = about.value;
  useEffect(() => {
    reason.value = undefined;
    note.value = '';
    done.value = false;
    room.refusal.value = undefined;
  }, [message]);
  const close = () => (about.value = undefined);
  const reply = () => {
    room.replyTo.value = message;
    close();
    requestAnimationFrame(() => document.getElementById('say')?.focus());
  };
  const report = async () => {
    done.value = await room.act('POST', `${path('messages', message!.id)}/report`, { reason: reason.value, ...(note.value.trim() && { note: note.value.trim() }) });
  };
  const mine = message !== undefined && room.isMine(message.by);
  return (
    <Dialog open={message !== undefined} close={close} title={t('audience.about', { name: message?.name ?? '' })}>
      <p class="about-message"><span dir="auto">{message?.text}</span> <time class="hint figures">{message && clock(Date.parse(message.at))}</time></p>
      {done.value ? (
        <p class="done" role="status">{t('audience.reported')}</p>
      ) : (
        <form class="form" onSubmit={(e) => (e.preventDefault(), void report())}>
          {!mine && (
            <fieldset>
              <legend class="label">{t('audience.report')}</legend>
              {reasons.map((r) => (
                <label class="check" key={r}><input type="radio" name="reason" checked={reason.value === r} onChange={() => (reason.value = r)} />{t(`audience.report.${r}`)}</label>
              ))}
              {reason.value === 'other' && <input class="input" aria-label={t('audience.report.note')} placeholder={t('audience.report.note')} maxLength={280} dir="auto" value={note.value} onInput={(e) => (note.value = e.currentTarget.value)} />}
            </fieldset>
          )}
          {room.refusal.value && <p class="problem" role="alert">{room.refusal.value}</p>}
          <div class="actions">
            {room.named.value && <button type="button" class="button" onClick={reply}>{t('audience.reply')}</button>}
            {!mine && <button class="button danger" disabled={reason.value === undefined}>{t('audience.report.send')}</button>}
            <button type="button" class="button quiet" onClick={close}>{t('audience.cancel')}</button>
          </div>
        </form>
      )}
      {done.value && <div class="actions end"><button type="button" class="button" onClick={close}>{t('audience.close')}</button></div>}
    </Dialog>
  );
}
