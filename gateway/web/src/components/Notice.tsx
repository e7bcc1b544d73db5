import type { Signal } from '@preact/signals';
import { t } from '../app/i18n';
import type { Player } from '../player/player';

/** Says that real time was tried and did not work, with the way back. */
export const Notice = ({ player }: { player: Signal<Player | undefined> }) => {
  const p = player.value;
  return (
    <div class="notice" role="status">
      {p?.delivery.value.fellBack && (
        <p>
          {t('screen.fellBack')}{' '}
          <button type="button" class="link" onClick={() => p.choose('realtime')}>{t('screen.tryAgain')}</button>
        </p>
      )}
    </div>
  );
};
