// What somebody has typed and the server has not taken yet. It lies in the tab's
// storage, so that neither a reconnect nor a reload loses a word.

export interface Unsent {
  id: string;
  text: string;
  reply_to?: string;
}

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Outbox {
  constructor(private readonly shelf: Shelf, private readonly key: string) {}

  all(): Unsent[] {
    try {
      const kept: unknown = JSON.parse(this.shelf.getItem(this.key) ?? '[]');
      return Array.isArray(kept) ? kept.filter((u): u is Unsent => typeof u?.id === 'string' && typeof u?.text === 'string') : [];
    } catch {
      return [];
    }
  }

  add(unsent: Unsent): void {
    this.keep([...this.all().filter((u) => u.id !== unsent.id), unsent]);
  }

  remove(id: string): void {
    this.keep(this.all().filter((u) => u.id !== id));
  }

  private keep(all: Unsent[]): void {
    write(this.shelf, this.key, all.length > 0 ? JSON.stringify(all) : '');
  }
}

/** What stands in a field that is not sent yet. */
export class Draft {
  constructor(private readonly shelf: Shelf, private readonly key: string) {}
  get = (): string => {
    try {
      return this.shelf.getItem(this.key) ?? '';
    } catch {
      return '';
    }
  };
  set = (text: string): void => write(this.shelf, this.key, text);
}

// A browser may refuse to keep anything: then the page itself is all there is.
function write(shelf: Shelf, key: string, text: string): void {
  try {
    if (text === '') shelf.removeItem(key);
    else shelf.setItem(key, text);
  } catch {}
}

/** 128 random bits, as the server wants ids that pages make. */
export const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
