// A room as its moderators' page knows it: told by events, asked of the API while
// those do not come, and the acts that change it. Acts show at once and wait for
// the network if they must.
import { computed, effect, signal } from '@preact/signals';
import { api, path, Problem, sentence } from '../app/api';
import { connected, follow } from '../app/events';
import { Poller } from '../app/poll';
import { unreachable } from '../app/state';
import { Intents } from '../stage/intent';
import { boardOf, fromHeld, fromMessage, fromReport, inOrder, type Item, matching, stepFrom, successor } from './board';
import { type Act, Queue } from './queue';
import type { LeverName, Message, Moderation, Person } from './types';

const POLL_MS = 2_000;
/** How often a busy room is drawn. */
const DRAW_MS = 100;
const UNDO_MS = 10_000;
const CLAIM_MS = 400; // passing by with J and K claims nothing
const RENEW_MS = 30_000;

export type Column = Item['column'];

/** What can be taken back for a while. */
export interface Undo {
  says: string;
  act: () => void;
  until: number;
}

export class ModRoom {
  readonly board = signal<Moderation | undefined>(undefined);
  readonly viewers = signal<number | undefined>(undefined);
  /** Why this page cannot show the room at all. */
  readonly lost = signal('');
  readonly refusal = signal('');
  readonly now = signal(Date.now());
  readonly search = signal('');
  readonly column = signal<Column>('live');
  readonly selected = signal<Readonly<Record<Column, string | undefined>>>({ live: undefined, held: undefined });
  readonly undo = signal<Undo | undefined>(undefined);
  readonly who = signal('');
  readonly person = signal<Person | undefined>(undefined);
  readonly intents = new Intents((error) => (this.refusal.value = sentence(error)));
  readonly queue: Queue;

  /** The lines that are shown, with what this page has done to them already. */
  readonly lines = computed<Message[]>(() => {
    const live = (this.board.value?.messages ?? []).filter((m) => !this.intents.of(`message/${m.id}.gone`, false));
    return matching(live, this.search.value).map((m) => {
      const hidden = this.intents.of(`message/${m.id}.hidden`, m.hidden);
      return hidden === m.hidden ? m : { ...m, hidden };
    });
  });
  readonly waiting = computed<Item[]>(() => {
    const items = [...(this.board.value?.held ?? []).map(fromHeld), ...(this.board.value?.reports ?? []).map(fromReport)];
    return items.filter((i) => !this.intents.of(`held/${i.id}.gone`, false));
  });

  private readonly poller: Poller<Moderation>;
  private entries = new Map<string, unknown>();
  private drawing: number | undefined;
  private synced = false;
  private live = false;
  private claimed = '';
  private claiming: number | undefined;

  constructor(readonly session: string) {
    this.queue = new Queue({
      send: ({ method, where, body }: Act) => api(method, where, body),
      store: sessionStorage,
      key: `regie-mod-queue/${session}`,
      failed: (error) => (this.refusal.value = sentence(error)),
    });
    this.poller = new Poller<Moderation>({
      load: () => this.ask(),
      interval: () => POLL_MS,
      arrived: (answer) => {
        unreachable.value = undefined;
        // What events have told is newer than an answer that was on its way.
        if (!this.live) this.set(inOrder(answer));
      },
      waiting: (seconds) => (unreachable.value = seconds),
    });
  }

  start(): void {
    setInterval(() => (this.now.value = Date.now()), 1_000);
    setInterval(() => this.renew(), RENEW_MS);
    follow(`mod:${this.session}`, {
      all: (entries) => {
        this.synced = true;
        this.entries = new Map(entries);
        this.draw();
      },
      changed: (key, value) => {
        if (value === undefined) this.entries.delete(key);
        else this.entries.set(key, value);
        this.draw();
      },
      live: (yes) => this.told(yes),
    });
    follow(`live:${this.session}`, {
      all: (entries) => this.count(entries.get('viewers')),
      changed: (key, value) => key === 'viewers' && this.count(value),
    });
    effect(() => (connected.value ? this.queue.now() : this.told(false)));
    addEventListener('online', this.queue.now);
    addEventListener('pagehide', () => this.release());
    this.poller.start();
  }

  /** Asks the server at once: "Try now". */
  refresh = (): void => {
    this.poller.now();
    this.queue.now();
  };

  // What has the attention.

  ids(column: Column): string[] {
    return column === 'live' ? this.lines.value.map((m) => m.id) : this.waiting.value.map((i) => i.id);
  }

  item(column: Column = this.column.value): Item | undefined {
    const id = this.selected.value[column];
    if (column === 'held') return this.waiting.value.find((i) => i.id === id);
    const line = this.lines.value.find((m) => m.id === id);
    return line && fromMessage(line);
  }

  select(column: Column, id: string | undefined): void {
    this.column.value = column;
    if (this.selected.value[column] !== id) this.selected.value = { ...this.selected.value, [column]: id };
    const item = this.item(column);
    if (item && item.author !== '' && item.author !== this.who.value) this.open(item.author);
    this.claim(column === 'held' ? id : undefined);
  }

  step(by: 1 | -1): string | undefined {
    const column = this.column.value;
    const id = stepFrom(this.ids(column), this.selected.value[column], by);
    if (id !== undefined) this.select(column, id);
    return id;
  }

  /** Shows the card of a person. */
  open(id: string): void {
    this.who.value = id;
    this.person.value = undefined;
    void this.loadPerson();
  }

  async loadPerson(): Promise<void> {
    const id = this.who.value;
    if (id === '') return;
    try {
      const person = await api<Person>('GET', this.at('people', id));
      if (this.who.value === id) this.person.value = person;
    } catch (error) {
      if (this.who.value === id) this.refusal.value = sentence(error);
    }
  }

  // Acts.

  hide(item: Item, says: string): void {
    if (item.held) return this.decide(item, 'deny');
    if (item.report) this.leave(item);
    void this.onMessage(item.message, { act: 'hide' }, 'hidden', true);
    this.offer(says, () => void this.onMessage(item.message, { act: 'restore' }, 'hidden', false));
  }

  restore = (item: Item): void => void this.onMessage(item.message, { act: 'restore' }, 'hidden', false);

  delete(item: Item, reason: string): void {
    if (item.column === 'held') this.leave(item);
    else this.select('live', successor(this.ids('live'), this.ids('live').filter((id) => id !== item.id), item.id));
    void this.onMessage(item.message, { act: 'delete', ...(reason && { reason }) }, 'gone', true);
  }

  /** Decides on what is held, or on what was reported: "approve" lets it stay. */
  decide(item: Item, act: 'approve' | 'deny'): void {
    this.leave(item, this.push('POST', this.at('messages', item.message), { act }));
  }

  async onPerson(id: string, body: object): Promise<boolean> {
    const done = await this.tell(this.push('POST', this.at('people', id), body));
    if (done && this.who.value === id) await this.loadPerson();
    return done;
  }

  lever(name: LeverName, on: boolean, more: { value?: number; minutes?: number } = {}): void {
    void this.intents.want(`lever/${name}.on`, on, () => this.push('PUT', this.at('levers', name), { on, ...more }));
  }

  clear = (reason: string): Promise<boolean> => this.tell(this.push('POST', this.at('clear'), { reason }));

  /** Whose work an item is, said to the others while it has the attention. */
  takeOver(id: string): void {
    this.release();
    this.claimed = id;
    void this.tell(api('PUT', `${this.at('claims', id)}?over=true`));
  }

  /** Remembers for a while how to take an act back. */
  offer(says: string, act: () => void): void {
    this.undo.value = { says, act, until: Date.now() + UNDO_MS };
  }

  takeBack = (): void => {
    const undo = this.undo.value;
    this.undo.value = undefined;
    if (undo && undo.until > Date.now()) undo.act();
  };

  private at(...segments: string[]): string {
    return path('sessions', this.session, 'moderation', ...segments);
  }

  private async push(method: Act['method'], where: string, body: unknown): Promise<void> {
    await this.queue.push({ method, where, body });
    if (!this.live) this.poller.now();
  }

  private async tell(act: Promise<unknown>): Promise<boolean> {
    try {
      await act;
      return true;
    } catch (error) {
      this.refusal.value = sentence(error);
      return false;
    }
  }

  private onMessage(id: string, body: object, field: 'hidden' | 'gone', value: boolean): Promise<boolean> {
    return this.intents.want(`message/${id}.${field}`, value, () => this.push('POST', this.at('messages', id), body));
  }

  // An item leaves the queue at once; the next takes its place.
  private leave(item: Item, act: Promise<void> = Promise.resolve()): void {
    const before = this.ids('held');
    void this.intents.want(`held/${item.id}.gone`, true, () => act);
    if (this.selected.value.held === item.id) this.select('held', successor(before, this.ids('held'), item.id));
  }

  private claim(id: string | undefined): void {
    clearTimeout(this.claiming);
    if (this.claimed === (id ?? '')) return;
    this.release();
    if (id === undefined) return;
    this.claiming = window.setTimeout(() => {
      if (this.board.value?.claims[id] && Date.parse(this.board.value.claims[id].until) > Date.now()) return;
      this.claimed = id;
      this.renew();
    }, CLAIM_MS);
  }

  private renew(): void {
    if (this.claimed === '' || document.hidden) return;
    const id = this.claimed;
    api('PUT', this.at('claims', id)).catch((error: unknown) => {
      // Somebody took it over; without a network it ends by itself.
      if (error instanceof Problem && error.status === 409 && this.claimed === id) this.claimed = '';
    });
  }

  private release(): void {
    if (this.claimed === '') return;
    const id = this.claimed;
    this.claimed = '';
    api('DELETE', this.at('claims', id)).catch(() => {}); // it ends by itself
  }

  /** Whether it is this page that works on an item. */
  isMine = (id: string): boolean => this.claimed === id;

  private async ask(): Promise<Moderation> {
    try {
      return await api<Moderation>('GET', this.at());
    } catch (error) {
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
        this.lost.value = error.message;
        this.poller.stop();
      }
      throw error;
    }
  }

  private count(value: unknown): void {
    this.viewers.value = (value as { count?: number } | undefined)?.count;
  }

  private draw(): void {
    if (!this.live) this.show();
    else this.drawing ??= window.setTimeout(() => this.show(), DRAW_MS);
  }

  private show(): void {
    clearTimeout(this.drawing);
    this.drawing = undefined;
    this.live = true;
    unreachable.value = undefined;
    this.poller.stop();
    this.set(boardOf(this.entries));
  }

  // Silence is filled by asking; what is missed is made up for by events, later.
  private told(live: boolean): void {
    if (live && !this.live && this.synced) this.show();
    if (!live) {
      this.live = false;
      if (this.lost.value === '') this.poller.start();
    }
  }

  private set(board: Moderation): void {
    this.board.value = board;
    board.messages.forEach((m) => this.intents.heard(`message/${m.id}.hidden`, m.hidden));
    board.levers.forEach((l) => this.intents.heard(`lever/${l.name}.on`, l.on));
  }
}
