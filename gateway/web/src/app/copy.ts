// Copying to the clipboard, and saying that it is done.
import { useSignal } from '@preact/signals';

const SAID_MS = 2_000;

/** Copies text; without https there is no clipboard API, so the old way is kept. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
  (document.querySelector('dialog[open]') ?? document.body).append(field); // beside a dialog nothing can be selected
  field.select();
  document.execCommand('copy');
  field.remove();
}

/** Runs what a button does and shows for a moment that it is done. */
export function useSaid(): [said: boolean, say: () => void] {
  const said = useSignal(false);
  return [
    said.value,
    () => {
      said.value = true;
      setTimeout(() => (said.value = false), SAID_MS);
    },
  ];
}
