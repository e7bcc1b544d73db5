// The keys of the moderators' console. A table, so that the help lists exactly
// what works.
import type { Key } from '../app/i18n';

export type Command = 'next' | 'previous' | 'hide' | 'timeout' | 'ban' | 'undo' | 'approve' | 'deny' | 'find' | 'help';

export const bindings: Record<Command, { key: string; shown: string; says: Key }> = {
  next: { key: 'j', shown: 'J', says: 'mod.key.next' },
  previous: { key: 'k', shown: 'K', says: 'mod.key.previous' },
  hide: { key: 'h', shown: 'H', says: 'mod.key.hide' },
  timeout: { key: 't', shown: 'T', says: 'mod.key.timeout' },
  ban: { key: 'b', shown: 'B', says: 'mod.key.ban' },
  undo: { key: 'u', shown: 'U', says: 'mod.key.undo' },
  approve: { key: 'a', shown: 'A', says: 'mod.key.approve' },
  deny: { key: 'd', shown: 'D', says: 'mod.key.deny' },
  find: { key: '/', shown: '/', says: 'mod.key.find' },
  help: { key: '?', shown: '?', says: 'mod.key.help' },
};

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key asks for, or undefined. A key with Ctrl, Alt or ⌘ is the browser's. */
export function commandOf(press: Press): Command | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const key = press.key.toLowerCase();
  return (Object.keys(bindings) as Command[]).find((c) => bindings[c].key === key);
}

/** Whether a key belongs to what has the focus: letters to a field, all of them to a dialog and to the picture. */
export function isTaken(focus: Element | null): boolean {
  if (!focus) return false;
  if ((focus as HTMLElement).isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(focus.tagName)) return true;
  return focus.closest('dialog, .screen') !== null;
}
