import { useSignal } from '@preact/signals';
import { copy, useSaid } from '../app/copy';
import { t } from '../app/i18n';

interface Props {
  label: string;
  value: string;
  /** Shown as dots until it is asked for. */
  secret?: boolean;
}

/** A value to copy, with its name. */
export function CopyLine({ label, value, secret = false }: Props) {
  const shown = useSignal(!secret);
  const [said, say] = useSaid();
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
          <span role="status">{t(said ? 'office.copied' : 'office.copy')}</span>
        </button>
      </div>
    </div>
  );
}
