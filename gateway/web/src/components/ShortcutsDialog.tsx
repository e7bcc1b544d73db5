import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../app/i18n';
import { bindings } from '../player/keys';

interface Props {
  open: Signal<boolean>;
  enabled: Signal<boolean>;
}

/** The list of keys, and the switch that turns them off (WCAG 2.1.4). */
export function ShortcutsDialog({ open, enabled }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open.value) dialog.current?.showModal();
  }, [open.value]);
  return (
    <dialog ref={dialog} class="shortcuts" aria-labelledby="shortcuts" onClose={() => (open.value = false)}>
      <h2 id="shortcuts">{t('keys.title')}</h2>
      <p class="hint">{t('keys.scope')}</p>
      <dl>
        {Object.values(bindings).map(({ shown, says }) => (
          <div>
            <dt>{shown.map((key) => <kbd>{key}</kbd>)}</dt>
            <dd>{t(says)}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <label class="check">
          <input type="checkbox" checked={enabled.value} onChange={(e) => (enabled.value = e.currentTarget.checked)} />
          {t('keys.enabled')}
        </label>
        <button class="button primary">{t('keys.close')}</button>
      </form>
    </dialog>
  );
}
