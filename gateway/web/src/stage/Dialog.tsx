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
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={close}>
      {open && <><h2>{title}</h2>{children}</>}
    </dialog>
  );
}
