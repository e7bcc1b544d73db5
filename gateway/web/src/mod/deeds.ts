// What the buttons and the keys do alike. What needs a reason or a yes opens a
// dialog: `asking` says which.
import { signal } from '@preact/signals';
import { t } from '../app/i18n';
import type { Item } from './board';
import type { ModRoom } from './room';

/** Whom or what the open dialog is about. */
export type Asking =
  | { what: 'timeout' | 'ban'; id: string; name: string }
  | { what: 'delete'; item: Item }
  | { what: 'clear' };

export type Tab = 'live' | 'held' | 'person' | 'room';
export const tabs: readonly Tab[] = ['live', 'held', 'person', 'room'];

export class Deeds {
  readonly asking = signal<Asking | undefined>(undefined);
  /** The column that a narrow page shows. */
  readonly tab = signal<Tab>('live');

  constructor(private readonly room: ModRoom) {}

  hide = (item: Item): void => {
    if (!item.hidden) this.room.hide(item, t('mod.hiddenOf', { name: item.name }));
  };

  decide = (item: Item, act: 'approve' | 'deny'): void => {
    if (item.report && act === 'deny') this.hide(item);
    else this.room.decide(item, act);
  };

  timeout = (item: Item): void => this.about('timeout', item.author, item.name);
  ban = (item: Item): void => this.about('ban', item.author, item.name);
  delete = (item: Item): void => void (this.asking.value = { what: 'delete', item });

  person = (id: string): void => {
    if (id !== this.room.who.value) this.room.open(id);
    this.tab.value = 'person';
  };

  about(what: 'timeout' | 'ban', id: string, name: string): void {
    if (id !== '') this.asking.value = { what, id, name };
  }

  async sayTimeout(id: string, minutes: number, reason: string): Promise<void> {
    await this.room.onPerson(id, { act: 'timeout', minutes, ...(reason && { reason }) });
  }

  /** A ban can be taken back for a while with one key, and later on the card. */
  async sayBan(id: string, name: string, reason: string): Promise<void> {
    const done = this.room.onPerson(id, { act: 'ban', ...(reason && { reason }) });
    this.room.offer(t('mod.bannedOf', { name }), () => void this.room.onPerson(id, { act: 'unban' }));
    await done;
  }
}
