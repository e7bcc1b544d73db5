import { refresh, unreachable } from '../app/state';
import { t } from '../app/i18n';

/** Says that the server does not answer and when it is asked again. */
export const Reach = ({ retry = refresh }: { retry?: () => void }) => (
  <div class="toasts" role="status">
    {unreachable.value !== undefined && (
      <p class="toast">
        <span class="figures">{t('reach.lost', { s: unreachable.value })}</span>
        <button type="button" class="button" onClick={retry}>{t('reach.tryNow')}</button>
      </p>
    )}
  </div>
);
