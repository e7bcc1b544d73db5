import { useSignal } from '@preact/signals';
import { t } from '../app/i18n';

const SAID_MS = 2_000;

/** Without https there is no clipboard API, so the old way is kept. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

interface Props {
  label: string;
  value: string;
  /** Shown as dots until it is asked for. */
  secret?: boolean;
}

/** A value to copy, with its name. */
export function CopyLine({ label, value, secret = false }: Props) {
  const shown = useSignal(!secret);
  const said = useSignal(false);
  const say = () => {
    said.value = true;
    setTimeout(() => (said.value = false), SAID_MS);
  };
  return (
    <div class="field">
      <span class="label" aria-hidden="true">{label}</span>
      <div class="copy-line">
        <input class={shown.value ? 'input' : 'input dots'} readOnly aria-label={label} autocomplete="off" spellcheck={false} value={shown.value ? value : '•'.repeat(24)} onFocus={(e) => e.currentTarget.select()} />
        {secret && (
          <button type="button" class="button" aria-pressed={shown.value} onClick={() => (shown.value = !shown.value)}>
            {t(shown.value ? 'office.hide' : 'office.reveal')}
          </button>
        )}
        <button type="button" class="button" aria-label={`${t('office.copy')} ${label}`} onClick={() => void copy(value).then(say)}>
          <span role="status">{t(said.value ? 'office.copied' : 'office.copy')}</span>
        </button>
      </div>
    </div>
  );
}
