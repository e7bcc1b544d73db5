// The desk's keys. A table, so that the help lists exactly what works.
import type { Layout } from '../stage/desk';

/** In the order of their keys: 0 is auto, 1 solo, … */
export const layouts: readonly Layout[] = ['auto', 'solo', 'two-up', '1+2', '1+3', 'pip', 'grid'];

export type Command = { act: 'layout'; layout: Layout } | { act: 'take' } | { act: 'cancel' };

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key asks for, or undefined. A key with Ctrl, Alt or ⌘ is the browser's. */
export function commandOf(press: Press): Command | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (press.key === 'Enter') return { act: 'take' };
  if (press.key === 'Escape') return { act: 'cancel' };
  const layout = /^[0-6]$/.test(press.key) ? layouts[Number(press.key)] : undefined;
  return layout && { act: 'layout', layout };
}

/**
 * Whether a key that was pressed here belongs to what has the focus: letters to
 * a field, Enter to a button too.
 */
export function isTaken(press: Press, focus: { tagName: string; isContentEditable?: boolean } | null, inDialog: boolean): boolean {
  if (inDialog) return true;
  if (!focus) return false;
  if (focus.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(focus.tagName)) return true;
  return press.key === 'Enter' && /^(BUTTON|A|SUMMARY)$/.test(focus.tagName);
}
