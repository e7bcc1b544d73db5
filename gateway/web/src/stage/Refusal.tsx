import { t } from '../app/i18n';
import { unreachable } from '../app/state';
import { soundBlocked, allowSound } from './Video';
import type { Room } from './room';

/** What went wrong, at the foot of the page: it never takes the picture away. */
export const Refusal = ({ room }: { room: Room }) => (
  <div class="toasts" role="status">
    {room.refusal.value !== undefined && (
      <p class="toast">
        <span>{room.refusal.value}</span>
        <button type="button" class="button" onClick={() => (room.refusal.value = undefined)}>{t('room.close')}</button>
      </p>
    )}
    {unreachable.value !== undefined && (
      <p class="toast">
        <span class="figures">{t('reach.lost', { s: unreachable.value })}</span>
        <button type="button" class="button" onClick={room.refresh}>{t('reach.tryNow')}</button>
      </p>
    )}
    {soundBlocked.value && (
      <p class="toast">
        <span>{t('room.soundBlocked')}</span>
        <button type="button" class="button primary" onClick={allowSound}>{t('room.soundOn')}</button>
      </p>
    )}
  </div>
);
