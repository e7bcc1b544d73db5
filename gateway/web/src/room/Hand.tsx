// A raised hand: somebody in the audience asks to come on stage.
import { useSignal } from '@preact/signals';
import { t } from '../app/i18n';
import { Hand as Icon } from '../components/icons-stage';
import { Dialog } from '../stage/Dialog';
import type { Audience } from './audience';

export function Hand({ room }: { room: Audience }) {
  const asking = useSignal(false);
  const note = useSignal('');
  const { closed } = room.state.value;
  if (!room.named.value || closed || room.me.value.badge === 'creator' || room.me.value.badge === 'guest') return null;
  const up = room.hand.value;
  const close = () => (asking.value = false);
  const raise = async () => {
    if (await room.raise(true, note.value.trim())) close();
  };
  return (
    <>
      <button type="button" class="reaction hand" aria-pressed={up} onClick={() => (up ? void room.raise(false) : (asking.value = true))}>
        <Icon /><span>{t(up ? 'audience.handDown' : 'audience.hand')}</span>
      </button>
      <Dialog open={asking.value} close={close} title={t('audience.hand')}>
        <form class="form" onSubmit={(e) => (e.preventDefault(), void raise())}>
          <p class="hint">{t('audience.handHint')}</p>
          <div class="field">
            <label for="hand-note">{t('audience.handNote')}</label>
            <input id="hand-note" class="input" maxLength={140} dir="auto" autocomplete="off" value={note.value} onInput={(e) => (note.value = e.currentTarget.value)} />
          </div>
          {room.refusal.value && <p class="problem" role="alert">{room.refusal.value}</p>}
          <div class="actions end">
            <button type="button" class="button" onClick={close}>{t('audience.cancel')}</button>
            <button class="button primary">{t('audience.hand')}</button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

/** The way to the stage, once somebody there has admitted this viewer. */
export const Invited = ({ room }: { room: Audience }) => (
  <div class="invited" role="status">
    {room.invite.value && (
      <p class="notice-line">
        <span>{t('audience.invited')}</span>
        <a class="button small primary" href={room.invite.value} target="_blank" rel="noopener">{t('audience.toStage')}</a>
        <button type="button" class="button small quiet" onClick={() => (room.invite.value = undefined)}>{t('audience.notNow')}</button>
      </p>
    )}
  </div>
);
