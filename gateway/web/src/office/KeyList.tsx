import { useSignal } from '@preact/signals';
import { t } from '../app/i18n';
import { Ask } from './Dialog';
import type { StreamKey } from './types';
import { when } from './when';

/** The keys that are good, with what revoking one does. */
export function KeyList({ keys, revoke }: { keys: StreamKey[]; revoke: (k: StreamKey) => void }) {
  const ending = useSignal<StreamKey | undefined>(undefined);
  return (
    <>
      <ul class="rows">
        {keys.map((k) => (
          <li class="line" key={k.id}>
            <span class="line-name">{k.name || k.participant} <span class="muted">{k.participant}</span></span>
            <span class="muted figures">
              {k.declared ? t('streamKeys.declared') : t(k.last_used ? 'streamKeys.used' : 'streamKeys.unused', { made: when(k.created), used: when(k.last_used) })}
            </span>
            {!k.declared && <button type="button" class="button small quiet" aria-label={t('streamKeys.revokeOf', { name: k.name || k.participant, made: when(k.created) })} onClick={() => (ending.value = k)}>{t('streamKeys.revoke')}</button>}
          </li>
        ))}
      </ul>
      {ending.value && (
        <Ask title={t('streamKeys.revokeTitle')} text={t('streamKeys.revokeText', { name: ending.value.name || ending.value.participant })} yes={t('streamKeys.revoke')}
          onYes={() => revoke(ending.value!)} onClose={() => (ending.value = undefined)} />
      )}
    </>
  );
}
