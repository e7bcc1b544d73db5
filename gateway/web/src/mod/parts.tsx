// What several columns show of people and messages.
import { hueOf } from '../app/hue';
import { page } from '../app/state';
import { type Key, t } from '../app/i18n';
import type { Badge } from '../room/types';

export const Name = ({ id, name, badge = '' }: { id: string; name: string; badge?: Badge }) => (
  <>
    <b class="mod-name" dir="auto" style={{ '--hue': String(hueOf(id)) }}>{name}</b>
    {badge !== '' && <span class="mod-mark">{t(`mod.badge.${badge}`)}</span>}
  </>
);

/** A word for a reason of the server's; one that is new to this page is shown as it is. */
export const reasonOf = (reason: string): string => {
  const key = `mod.why.${reason}`;
  return page.messages[key] === undefined ? reason : t(key as Key);
};

export const Reasons = ({ of }: { of: string[] | null | undefined }) =>
  of && of.length > 0 ? <ul class="mod-reasons">{of.map((r) => <li key={r}>{reasonOf(r)}</li>)}</ul> : null;

/** A button with the key that does the same. */
export const KeyButton = ({ k, says, act, label, kind = '' }: { k?: string; says: string; act: () => void; label?: string; kind?: string }) => (
  <button type="button" class={`button small ${kind}`} aria-label={label} onClick={(e) => (e.stopPropagation(), act())}>
    {says}{k && <kbd aria-hidden="true">{k}</kbd>}
  </button>
);
