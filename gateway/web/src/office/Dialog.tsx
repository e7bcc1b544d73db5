import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../app/i18n';

/** A dialog that is open as long as it is there. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

interface AskProps {
  title: string;
  text: string;
  yes: string;
  onYes: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export const Ask = ({ title, text, yes, onYes, onClose }: AskProps) => (
  <Dialog title={title} onClose={onClose}>
    <form method="dialog" class="form">
      <p>{text}</p>
      <div class="actions end">
        <button class="button">{t('office.cancel')}</button>
        <button class="button danger" onClick={onYes}>{yes}</button>
      </div>
    </form>
  </Dialog>
);
