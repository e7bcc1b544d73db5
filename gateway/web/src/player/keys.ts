// The player's keys. A table, so that the help lists exactly what works.
import type { Key } from '../app/i18n';

export type Command =
  | 'play' | 'back' | 'forward' | 'louder' | 'quieter' | 'mute' | 'fullscreen' | 'pip' | 'live' | 'help';

interface Binding {
  /** KeyboardEvent.key, letters in lower case. */
  keys: string[];
  /** How the help prints them. */
  shown: string[];
  says: Key;
}

export const bindings: Record<Command, Binding> = {
  play: { keys: [' ', 'k'], shown: ['Space', 'K'], says: 'keys.play' },
  back: { keys: ['arrowleft', 'j'], shown: ['←', 'J'], says: 'keys.back' },
  forward: { keys: ['arrowright', 'l'], shown: ['→', 'L'], says: 'keys.forward' },
  louder: { keys: ['arrowup'], shown: ['↑'], says: 'keys.louder' },
  quieter: { keys: ['arrowdown'], shown: ['↓'], says: 'keys.quieter' },
  mute: { keys: ['m'], shown: ['M'], says: 'keys.mute' },
  fullscreen: { keys: ['f'], shown: ['F'], says: 'keys.fullscreen' },
  pip: { keys: ['i'], shown: ['I'], says: 'keys.pip' },
  live: { keys: ['end'], shown: ['End'], says: 'keys.live' },
  help: { keys: ['?'], shown: ['?'], says: 'keys.help' },
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
  return (Object.keys(bindings) as Command[]).find((command) => bindings[command].keys.includes(key));
}
