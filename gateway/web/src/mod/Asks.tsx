// The dialogs: how long, why, and whether at all.
import { type Signal, useSignal } from '@preact/signals';
import { count, t } from '../app/i18n';
import { Dialog } from '../stage/Dialog';
import type { Deeds } from './deeds';
import { bindings } from './keys';
import type { ModRoom } from './room';

const MINUTES = [1, 10, 60] as const;
const MOST_REASON = 200;

const Reason = ({ value }: { value: Signal<string> }) => (
  <div class="field">
    <label for="mod-reason">{t('mod.reason')}</label>
    <input id="mod-reason" class="input" list="mod-reasons" maxLength={MOST_REASON} autocomplete="off" value={value.value} onInput={(e) => (value.value = e.currentTarget.value)} />
    <datalist id="mod-reasons">{(['spam', 'abuse', 'other'] as const).map((r) => <option key={r} value={t(`mod.why.${r}`)} />)}</datalist>
    <p class="hint">{t('mod.reasonHint')}</p>
  </div>
);

interface BodyProps {
  room: ModRoom;
  deeds: Deeds;
  close: () => void;
}

// Enter gives the usual answer: the button for it has the focus.
function Timeout({ deeds, id, close }: BodyProps & { id: string }) {
  const reason = useSignal('');
  const act = (minutes: number) => (void deeds.sayTimeout(id, minutes, reason.value.trim()), close());
  return (
    <div class="form">
      <p class="muted">{t('mod.timeoutHint')}</p>
      <Reason value={reason} />
      <div class="actions end">
        <button type="button" class="button" onClick={close}>{t('room.cancel')}</button>
        {MINUTES.map((n) => <button type="button" key={n} autofocus={n === 10} class="button primary" onClick={() => act(n)}>{count('mod.minutes', n)}</button>)}
      </div>
    </div>
  );
}

function Sure({ hint, yes, act, close }: { hint: string; yes: string; act: (reason: string) => void; close: () => void }) {
  const reason = useSignal('');
  return (
    <div class="form">
      <p class="muted">{hint}</p>
      <Reason value={reason} />
      <div class="actions end">
        <button type="button" class="button" onClick={close}>{t('room.cancel')}</button>
        <button type="button" autofocus class="button danger" onClick={() => (act(reason.value.trim()), close())}>{yes}</button>
      </div>
    </div>
  );
}

export function Asks({ room, deeds }: { room: ModRoom; deeds: Deeds }) {
  const a = deeds.asking.value;
  const close = () => (deeds.asking.value = undefined);
  const title = () => {
    switch (a?.what) {
      case 'timeout': return t('mod.timeoutTitle', { name: a.name });
      case 'ban': return t('mod.banTitle', { name: a.name });
      case 'delete': return t('mod.deleteTitle', { name: a.item.name });
      case 'clear': return t('mod.clearTitle');
      default: return '';
    }
  };
  return (
    <Dialog open={a !== undefined} close={close} title={title()}>
      {a?.what === 'timeout' && <Timeout room={room} deeds={deeds} id={a.id} close={close} />}
      {a?.what === 'ban' && <Sure hint={t('mod.banHint')} yes={t('mod.ban')} act={(reason) => void deeds.sayBan(a.id, a.name, reason)} close={close} />}
      {a?.what === 'delete' && <Sure hint={t('mod.deleteHint')} yes={t('mod.delete')} act={(reason) => room.delete(a.item, reason)} close={close} />}
      {a?.what === 'clear' && <Sure hint={t('mod.clearHint')} yes={t('mod.clear')} act={(reason) => void room.clear(reason)} close={close} />}
    </Dialog>
  );
}

/** The list of keys, and the switch that turns them off (WCAG 2.1.4). */
export const KeysDialog = ({ open, enabled }: { open: Signal<boolean>; enabled: Signal<boolean> }) => (
  <Dialog open={open.value} close={() => (open.value = false)} title={t('mod.keys')}>
    <dl class="mod-keys">
      {Object.values(bindings).map(({ shown, says }) => <div key={shown}><dt><kbd>{shown}</kbd></dt><dd>{t(says)}</dd></div>)}
    </dl>
    <p class="hint">{t('mod.arrows')}</p>
    <div class="actions end">
      <label class="check">
        <input type="checkbox" checked={enabled.value} onChange={(e) => (enabled.value = e.currentTarget.checked)} />
        {t('mod.keysEnabled')}
      </label>
      <button type="button" class="button primary" onClick={() => (open.value = false)}>{t('room.close')}</button>
    </div>
  </Dialog>
);
