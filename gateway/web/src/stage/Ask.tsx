import { type Signal, useSignal } from '@preact/signals';
import { t } from '../app/i18n';
import { Dialog } from './Dialog';

/** A question before something that cannot be taken back. */
export interface Question {
  title: string;
  text: string;
  /** What the button that does it says. */
  yes: string;
  act: () => Promise<unknown> | void;
}

export function Ask({ question }: { question: Signal<Question | undefined> }) {
  const busy = useSignal(false);
  const q = question.value;
  const close = () => (question.value = undefined);
  const yes = async () => {
    busy.value = true;
    await q?.act();
    busy.value = false;
    if (question.value === q) close();
  };
  return (
    <Dialog open={q !== undefined} close={close} title={q?.title ?? ''}>
      <p class="dialog-text">{q?.text}</p>
      <div class="actions end">
        <button type="button" class="button" onClick={close}>{t('room.cancel')}</button>
        <button type="button" class="button danger" disabled={busy.value} onClick={() => void yes()}>{q?.yes}</button>
      </div>
    </Dialog>
  );
}
