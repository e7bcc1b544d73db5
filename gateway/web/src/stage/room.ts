// A session as this page knows it: told by events, asked of the API while those
// do not come, and the acts that change it.
import { computed, effect, signal } from '@preact/signals';
import { api, path, sentence } from '../app/api';
import { connected, follow, shutOut } from '../app/events';
import { Poller } from '../app/poll';
import { unreachable } from '../app/state';
import { clockOf, type Desk, deskOf, inOrder, type Look, type Overlays, type Person, person, type Place } from './desk';
import { Intents } from './intent';

const POLL_MS = 2_000;

export interface PersonPatch {
  place?: Place;
  muted?: true;
  camera_off?: true;
  volume?: number;
}

export interface MePatch {
  place?: 'checking' | 'waiting' | 'left';
  self_muted?: boolean;
  self_camera_off?: boolean;
  name?: string;
  hand?: boolean;
}

export class Room {
  readonly desk = signal<Desk | undefined>(undefined);
  /** What the server refused last, in its words; the page shows and clears it. */
  readonly refusal = signal<string | undefined>(undefined);
  readonly now = signal(Date.now());
  readonly clock = computed(() => (this.desk.value ? clockOf(this.desk.value, this.now.value) : undefined));
  readonly intents = new Intents((error) => (this.refusal.value = sentence(error)));
  private readonly poller: Poller<Desk>;
  private entries = new Map<string, unknown>();
  private live = false;
  private stops: (() => void)[] = [];
  private last: Promise<unknown> = Promise.resolve();

  constructor(readonly session: string) {
    this.poller = new Poller<Desk>({
      load: () => api<Desk>('GET', this.at('desk')),
      interval: () => POLL_MS,
      arrived: (desk) => {
        unreachable.value = undefined;
        // What events have told is newer than an answer that was on its way.
        if (!this.live) this.set(inOrder(desk));
      },
      waiting: (seconds) => (unreachable.value = seconds),
    });
  }

  start(): void {
    if (this.stops.length > 0) return;
    const clock = setInterval(() => (this.now.value = Date.now()), 1_000);
    this.stops.push(
      () => clearInterval(clock),
      follow(`desk:${this.session}`, {
        all: (entries) => this.build((this.entries = entries)),
        changed: (key, value) => {
          if (value === undefined) this.entries.delete(key);
          else this.entries.set(key, value);
          this.build(this.entries);
        },
        live: (yes) => this.told(yes),
      }),
      effect(() => void (connected.value || this.told(false))),
      effect(() => void (shutOut.value && this.stop())), // asking is no use any more
    );
    this.poller.start();
  }

  stop(): void {
    this.poller.stop();
    this.stops.forEach((stop) => stop());
    this.stops = [];
  }

  /** What the server says now; undefined when it cannot be asked. */
  async load(): Promise<Desk | undefined> {
    const desk = await api<Desk>('GET', this.at('desk')).catch(() => undefined);
    if (desk && !this.live) this.set(inOrder(desk));
    return desk;
  }

  /** Asks the server at once: "Try now". */
  refresh = (): void => this.poller.now();

  person(id: string | undefined): Person | undefined {
    return person(this.desk.value, id);
  }

  /** An act that has no field to show: "Go live". False when it was refused. */
  async act(method: 'POST' | 'DELETE', what: string, body?: unknown): Promise<boolean> {
    try {
      await this.inTurn(method, what, body);
      return true;
    } catch (error) {
      this.refusal.value = sentence(error);
      return false;
    }
  }

  preview(patch: Look | Partial<Look>): Promise<boolean> {
    return this.patch('preview', 'preview', patch);
  }

  overlays(patch: Partial<Overlays>): Promise<boolean> {
    return this.patch('overlays', 'overlays', patch);
  }

  change(id: string, patch: PersonPatch): Promise<boolean> {
    return this.patch(`person/${id}`, path('people', id), patch);
  }

  me(id: string, patch: MePatch): Promise<boolean> {
    return this.patch(`person/${id}`, 'me', patch);
  }

  at(what: string): string {
    return `${path('sessions', this.session)}/${what}`;
  }

  // Acts arrive in the order in which they were done: "Take" must not overtake the
  // layout that it takes, nor "Bring on" the "Let in" before it.
  private inTurn(method: 'POST' | 'PATCH' | 'DELETE', what: string, body?: unknown): Promise<unknown> {
    const act = () => api(method, this.at(what), body);
    const done = this.last.then(act, act);
    this.last = done;
    return done;
  }

  // One request for all of a patch, one intent for each of its fields.
  private async patch(key: string, what: string, patch: object): Promise<boolean> {
    const request = this.inTurn('PATCH', what, patch);
    const fields = Object.entries(patch);
    const done = fields.map(([field, value], i) =>
      // The first tells what went wrong; it went wrong for all.
      this.intents.want(`${key}.${field}`, value, () => (i === 0 ? request : request.catch(() => {}))),
    );
    return (await Promise.all(done))[0] ?? true;
  }

  private build(entries: ReadonlyMap<string, unknown>): void {
    const desk = deskOf(entries);
    if (desk === undefined) return;
    this.live = true;
    unreachable.value = undefined;
    this.poller.stop();
    this.set(desk);
  }

  // Silence is filled by asking; what is missed is made up for by events, later.
  private told(live: boolean): void {
    if (live && this.live) return;
    if (live) this.build(this.entries);
    else {
      this.live = false;
      if (this.stops.length > 0) this.poller.start();
    }
  }

  private set(desk: Desk): void {
    this.desk.value = desk;
    const heard = (key: string, fields: object) =>
      Object.entries(fields).forEach(([field, is]) => this.intents.heard(`${key}.${field}`, is));
    heard('preview', desk.preview);
    heard('overlays', desk.overlays);
    desk.people.forEach((p) => heard(`person/${p.id}`, p));
  }
}
