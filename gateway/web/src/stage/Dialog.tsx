import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  open: boolean;
  close: () => void;
  title: string;
  children: ComponentChildren;
}

/** A <dialog>: the browser keeps the focus in it, and Esc closes it. */
export function Dialog({ open, close, title, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const ours = useRef(false);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) {
      ours.current = true;
      dialog.current.close();
    }
  }, [open]);
  // The event of a close of ours may come when the next question is there already.
  const closed = () => {
    if (!ours.current) close();
    ours.current = false;
  };
  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={closed}>
      {open && <><h2>{title}</h2>{children}</>}
    </dialog>
  );
}
