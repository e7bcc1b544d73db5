// The room of a session as this page knows it: asked of the API, told by events,
// and what people here say, ask and choose. What is typed stays until the server
// has it.
import { batch, computed, effect, signal } from '@preact/signals';
import { api, path, Problem, sentence } from '../app/api';
import { connected, follow, hear, reconnect } from '../app/events';
import { backoff } from '../app/backoff';
import { Poller } from '../app/poll';
import { become, caughtUp, drop, heard, mark, put, type Rows } from './log';
import { inTurn } from './moments';
import { Draft, newId, Outbox, type Unsent } from './outbox';
import type { Message, MyPlace, Pin, Poll, Question, RoomState, Said, SaidToMe, Snapshot } from './types';

const POLL_MS = 3_000;
/** A busy chat is drawn in steps that people can follow. */
const STEP_MS = 200;

const nobody: MyPlace = { id: '', nickname: '', badge: '', may: [] };
const quiet: RoomState = { paused: false, slow_seconds: 0, links_off: false, hold_first: false, closed: false };

export class Audience {
  readonly loaded = signal(false);
  /** This server keeps no room for the session. */
  readonly off = signal(false);
  readonly me = signal<MyPlace>(nobody);
  readonly state = signal<RoomState>(quiet);
  readonly rows = signal<Rows>([]);
  readonly reactions = signal<string[]>([]);
  /** What was refused last, in the server's words. */
  readonly refusal = signal<string | undefined>(undefined);
  /** The way to the stage, for whoever was invited. */
  readonly invite = signal<string | undefined>(undefined);
  readonly hand = signal(false);
  readonly replyTo = signal<Message | undefined>(undefined);
  private readonly live = signal<ReadonlyMap<string, unknown>>(new Map());
  /** What is mine alone, which channels cannot say. */
  readonly voted = signal<ReadonlySet<string>>(new Set());
  readonly chosen = signal<ReadonlyMap<string, number>>(new Map());

  readonly questions = computed(() => inTurn(this.of<Question>('question/')));
  readonly polls = computed(() => this.of<Poll>('poll/'));
  readonly pins = computed(() => this.of<Pin>('pin/'));
  readonly named = computed(() => this.me.value.nickname !== '');

  /** Events tell of the room. */
  private readonly told = signal(false);

  readonly draft: Draft;
  readonly question: Draft;
  private readonly outbox: Outbox;
  private readonly poller: Poller<Snapshot>;
  private stops: (() => void)[] = [];
  private stopMe = () => {};
  private listeningAs = '';
  private waiting: Said[] = [];
  private step: ReturnType<typeof setTimeout> | undefined;
  private removed = new Set<string>();
  private tries = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly floats = new Set<(counts: Record<string, number>) => void>();
  private tapped: Record<string, number> = {};
  private tapping: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly session: string) {
    const key = (what: string) => `regie-${what}-${session}`;
    this.draft = new Draft(sessionStorage, key('draft'));
    this.question = new Draft(sessionStorage, key('question'));
    this.outbox = new Outbox(sessionStorage, key('outbox'));
    this.poller = new Poller<Snapshot>({
      load: () => this.ask(),
      interval: () => POLL_MS,
      arrived: (snapshot) => this.arrived(snapshot),
      waiting: () => {}, // the chat says that it reconnects
    });
  }

  start(): void {
    const room = hear(`room:${this.session}`, (said) => this.hear(said as Said), () => void this.refresh());
    const live = follow(`live:${this.session}`, {
      all: (entries) => this.tell(entries),
      changed: (key, value) => {
        const next = new Map(this.live.value);
        if (value === undefined) next.delete(key);
        else next.set(key, value);
        this.tell(next);
      },
      live: (yes) => (this.told.value = yes),
    });
    // While nobody tells, ask.
    const silence = effect(() => {
      if (!connected.value || !this.told.value) return this.poller.start();
      this.poller.stop();
      this.sendAll();
    });
    this.stops.push(room, live, silence);
  }

  stop(): void {
    this.poller.stop();
    this.stopMe();
    clearTimeout(this.step);
    clearTimeout(this.retry);
    this.stops.forEach((stop) => stop());
    this.stops = [];
  }

  at(what: string): string {
    return `${path('sessions', this.session)}/room/${what}`;
  }

  private ask(): Promise<Snapshot> {
    this.removed = new Set();
    return api<Snapshot>('GET', `${path('sessions', this.session)}/room`).catch((error: unknown) => {
      this.off.value = error instanceof Problem && error.status === 404;
      throw error;
    });
  }

  private async refresh(): Promise<void> {
    await this.ask().then((snapshot) => this.arrived(snapshot), () => connected.value && setTimeout(() => void this.refresh(), POLL_MS));
  }

  private arrived({ me, state, messages, questions, polls, pins, reactions }: Snapshot): void {
    batch(() => {
      this.become(me);
      this.rows.value = caughtUp(this.rows.value, messages ?? [], this.removed);
      this.reactions.value = reactions ?? [];
      this.voted.value = new Set((questions ?? []).filter((q) => q.voted).map((q) => q.id));
      this.chosen.value = new Map((polls ?? []).flatMap((p) => (p.mine === undefined ? [] : [[p.id, p.mine] as const])));
      const entries = new Map<string, unknown>([['state', state]]);
      questions?.forEach((q) => entries.set(`question/${q.id}`, q));
      polls?.forEach((p) => entries.set(`poll/${p.id}`, p));
      pins?.forEach((p) => entries.set(`pin/${p.id}`, p));
      this.tell(entries);
      this.loaded.value = true;
      this.off.value = false;
      for (const unsent of this.outbox.all()) if (!this.rows.value.some((r) => r.id === unsent.id)) this.show(unsent, 'unsent');
    });
    this.sendAll();
  }

  private tell(entries: ReadonlyMap<string, unknown>): void {
    batch(() => {
      this.live.value = entries;
      const state = entries.get('state') as RoomState | undefined;
      if (state) this.state.value = state;
    });
  }

  private of<T>(prefix: string): T[] {
    return [...this.live.value].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value as T);
  }

  private hear(said: Said): void {
    if (said.type === 'reactions') return this.floats.forEach((float) => float(this.ofOthers(said.counts)));
    if (said.type === 'hidden' || said.type === 'deleted') this.removed.add(said.id);
    this.waiting.push(said);
    // What moderators do shows at once, with what was said before it.
    if (said.type !== 'message') this.draw();
    else this.step ??= setTimeout(() => this.draw(), STEP_MS);
  }

  private draw(): void {
    clearTimeout(this.step);
    this.step = undefined;
    this.rows.value = this.waiting.splice(0).reduce(heard, this.rows.value);
  }

  private become(me: MyPlace): void {
    this.me.value = me;
    if (me.id === '' || me.id === this.listeningAs) return;
    this.stopMe();
    this.listeningAs = me.id;
    this.stopMe = hear(`me:${me.id}`, (said) => this.hearMine(said as SaidToMe), () => {});
  }

  private hearMine(said: SaidToMe): void {
    const me = this.me.value;
    switch (said.type) {
      case 'timed_out':
        this.me.value = { ...me, timed_out_until: said.until };
        break;
      case 'banned':
      case 'unbanned':
        this.me.value = { ...me, banned: said.type === 'banned' };
        break;
      case 'approved':
        this.rows.value = heard(this.rows.value, { type: 'restored', message: said.message });
        break;
      case 'denied':
        this.rows.value = become(this.rows.value, said.id, 'removed');
        break;
      case 'invite':
        if (said.session !== this.session) break;
        this.invite.value = said.url;
        this.hand.value = false;
        break;
      case 'hand':
        this.hand.value = said.up;
    }
  }

  /** Takes a name. What is refused is thrown, as its form says it. */
  async join(nickname: string): Promise<void> {
    const { me } = await api<{ me: MyPlace }>('POST', this.at('join'), { nickname });
    reconnect(); // the socket is then this viewer's
    this.become(me);
    this.sendAll();
  }

  /** Sends at once, or keeps it until it can be sent. */
  say(text: string): void {
    const replyTo = this.replyTo.value;
    const unsent: Unsent = { id: newId(), text, ...(replyTo && { reply_to: replyTo.id }) };
    this.replyTo.value = undefined;
    this.outbox.add(unsent);
    void this.send(unsent);
  }

  /** Tries a message again that was not sent. */
  again(id: string): void {
    const unsent = this.outbox.all().find((u) => u.id === id);
    if (unsent) void this.send(unsent);
  }

  forget(id: string): void {
    this.outbox.remove(id);
    this.rows.value = drop(this.rows.value, id);
  }

  private sendAll(): void {
    if (!this.named.value) return;
    for (const unsent of this.outbox.all()) {
      const row = this.rows.value.find((r) => r.id === unsent.id);
      // What was refused is for its author to send again.
      if (row?.kind === 'message' && row.state === 'unsent' && row.why === undefined) void this.send(unsent);
    }
  }

  private async send(unsent: Unsent): Promise<void> {
    this.show(unsent, 'sending');
    try {
      const answer = await api<{ message?: Message; held?: boolean; why?: string }>('POST', this.at('messages'), unsent);
      this.tries = 0;
      this.outbox.remove(unsent.id);
      if (answer.message && !answer.held) this.rows.value = heard(this.rows.value, { type: 'message', message: answer.message });
      else this.rows.value = become(this.rows.value, unsent.id, 'held');
    } catch (error) {
      const refused = error instanceof Problem && error.status >= 400 && error.status < 500;
      this.rows.value = become(this.rows.value, unsent.id, 'unsent', refused ? sentence(error) : undefined);
      if (!refused) this.later();
    }
  }

  private later(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.sendAll(), backoff(this.tries++));
  }

  private show({ id, text, reply_to }: Unsent, state: 'sending' | 'unsent'): void {
    const { nickname, badge, id: by } = this.me.value;
    const last = this.rows.value.at(-1)?.at ?? 0;
    const at = this.rows.value.find((r) => r.id === id)?.at ?? Math.max(last, Date.now());
    const message = { id, by, name: nickname, badge, text, at: new Date(at).toISOString(), mine: true, ...(reply_to && { reply_to }) };
    this.rows.value = put(this.rows.value, { kind: 'message', id, at, message, state });
  }

  isMine = (by: string): boolean => by !== '' && by === this.me.value.id;

  /** The picture of a question that is on air is shown now. */
  mark(id: string, question: string, name: string, text: string): void {
    this.rows.value = mark(this.rows.value, id, question, name, text);
  }

  /** An act whose refusal the page tells. False when it was refused. */
  async act(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', what: string, body?: unknown): Promise<boolean> {
    try {
      await api(method, what.startsWith('/') ? what.slice(1) : this.at(what), body);
      this.refusal.value = undefined;
      return true;
    } catch (error) {
      this.refusal.value = sentence(error);
      return false;
    }
  }

  /** A vote for a question, or no longer. It shows at once. */
  async vote(id: string): Promise<void> {
    const had = this.voted.value.has(id);
    const set = (yes: boolean) => {
      const next = new Set(this.voted.value);
      if (yes) next.add(id);
      else next.delete(id);
      this.voted.value = next;
    };
    set(!had);
    if (!(await this.act(had ? 'DELETE' : 'PUT', `${path('questions', id)}/vote`))) set(had);
  }

  async choose(poll: string, option: number): Promise<void> {
    const before = this.chosen.value;
    this.chosen.value = new Map(before).set(poll, option);
    if (!(await this.act('POST', `${path('polls', poll)}/vote`, { option }))) this.chosen.value = before;
  }

  async raise(up: boolean, note = ''): Promise<boolean> {
    const done = await this.act('POST', 'hand', { up, note });
    if (done) this.hand.value = up;
    return done;
  }

  /** Calls float with what others send, and with what is sent here at once. */
  onReactions(float: (counts: Record<string, number>) => void): () => void {
    this.floats.add(float);
    return () => this.floats.delete(float);
  }

  private mineOnTheWay: Record<string, number> = {};

  react(kind: string): void {
    this.floats.forEach((float) => float({ [kind]: 1 }));
    this.tapped[kind] = Math.min(20, (this.tapped[kind] ?? 0) + 1);
    this.mineOnTheWay[kind] = (this.mineOnTheWay[kind] ?? 0) + 1;
    this.tapping ??= setTimeout(() => {
      this.tapping = undefined;
      const tapped = this.tapped;
      this.tapped = {};
      for (const [k, n] of Object.entries(tapped)) void this.act('POST', 'reactions', { kind: k, n }).then((done) => done || (this.mineOnTheWay[k] = 0));
    }, 500);
  }

  // Mine float when they are tapped; they come back in everybody's sum.
  private ofOthers(counts: Record<string, number>): Record<string, number> {
    return Object.fromEntries(
      Object.entries(counts).map(([kind, n]) => {
        const mine = Math.min(n, this.mineOnTheWay[kind] ?? 0);
        this.mineOnTheWay[kind] = (this.mineOnTheWay[kind] ?? 0) - mine;
        return [kind, n - mine];
      }),
    );
  }
}
