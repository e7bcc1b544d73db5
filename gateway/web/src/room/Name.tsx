import { useSignal } from '@preact/signals';
import { sentence } from '../app/api';
import { t } from '../app/i18n';
import type { Audience } from './audience';

/** Before one writes: a name, and nothing else. */
export function Name({ room }: { room: Audience }) {
  const name = useSignal('');
  const problem = useSignal('');
  const busy = useSignal(false);
  if (!room.loaded.value || room.state.value.closed) return null;
  const join = async () => {
    busy.value = true;
    problem.value = '';
    try {
      await room.join(name.value.trim());
      requestAnimationFrame(() => document.getElementById('say')?.focus());
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  };
  return (
    <form class="composer" onSubmit={(e) => (e.preventDefault(), void join())}>
      <label class="label" for="say">{t('audience.name')}</label>
      <div class="composer-row">
        <input class="input" id="say" maxLength={24} autocomplete="nickname" dir="auto" required aria-describedby="name-hint" aria-invalid={problem.value !== ''}
          value={name.value} onInput={(e) => (name.value = e.currentTarget.value)} />
        <button class="button primary" disabled={busy.value || name.value.trim() === ''}>{t('audience.join')}</button>
      </div>
      <p id="name-hint" class={problem.value ? 'error' : 'hint'} role={problem.value ? 'alert' : undefined}>{problem.value || t('audience.nameHint')}</p>
    </form>
  );
}
