import type { Signal } from '@preact/signals';
import { t } from '../app/i18n';
import type { Player } from '../player/player';

/** Says why real time, which was wanted, is not what plays, with the way back. */
export const Notice = ({ player }: { player: Signal<Player | undefined> }) => {
  const p = player.value;
  const fellBack = p?.delivery.value.fellBack;
  return (
    <div class="notice" role="status">
      {fellBack && (
        <p>
          {t(`fellBack.${fellBack}`)}{' '}
          <button type="button" class="link" onClick={() => p?.choose('realtime')}>{t('screen.tryAgain')}</button>
        </p>
      )}
    </div>
  );
};
