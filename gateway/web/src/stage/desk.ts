// The state of a stage as its host and its guests see it. Twins of the types in
// gateway/show.
export type Place = 'invited' | 'checking' | 'waiting' | 'backstage' | 'on_air' | 'back' | 'left' | 'removed';
export type Layout = 'auto' | 'solo' | 'two-up' | '1+2' | '1+3' | 'pip' | 'grid';
export type SlateKind = '' | 'brb' | 'countdown';

export interface Cell {
  participant: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Look {
  layout: Layout;
  spotlight?: string;
  slate?: SlateKind;
}

export interface Picture extends Look {
  cells: Cell[] | null;
  /** What the slate says that is there in place of people. */
  words?: string;
}

export interface Overlays {
  lower_third?: { title: string; line?: string } | null;
  logo: boolean;
  until?: string;
  slate_line?: string;
}

export interface Person {
  id: string;
  name: string;
  role: 'host' | 'guest';
  place: Place;
  since: string;
  of?: string;
  via?: string;
  present: boolean;
  muted: boolean;
  camera_off: boolean;
  self_muted: boolean;
  self_camera_off: boolean;
  volume: number;
  quality?: '' | 'good' | 'weak' | 'bad';
  hand?: boolean;
}

interface Frame {
  id: string;
  title: string;
  phase: 'planned' | 'live' | 'ended';
  since?: string;
  ends_at?: string;
  autostart: boolean;
  width: number;
  height: number;
}

export interface Desk extends Frame {
  program: Picture;
  preview: Picture;
  overlays: Overlays;
  people: Person[];
}

/** The desk that a channel's keys make, or undefined while they do not make one. */
export function deskOf(entries: ReadonlyMap<string, unknown>): Desk | undefined {
  const [frame, program, preview, overlays] = ['session', 'program', 'preview', 'overlays'].map((key) => entries.get(key));
  if (!frame || !program || !preview || !overlays) return undefined;
  const people = [...entries].filter(([key]) => key.startsWith('person/')).map(([, value]) => value as Person);
  return inOrder({ ...(frame as Frame), program, preview, overlays, people } as Desk);
}

/** The host first, guests by their number, a screen behind its owner. */
export function inOrder(desk: Desk): Desk {
  const rank = (p: Person) => (p.role === 'host' ? 0 : 1);
  const owner = (p: Person) => p.of ?? p.id;
  const people = [...(desk.people ?? [])].sort(
    (a, b) =>
      rank(a) - rank(b) || owner(a).localeCompare(owner(b), 'en', { numeric: true }) || (a.of ? 1 : 0) - (b.of ? 1 : 0),
  );
  return { ...desk, people };
}

export const person = (desk: Desk | undefined, id: string | undefined): Person | undefined =>
  desk?.people.find((p) => p.id === id);

/** Whether viewers see this person now. */
export const onAir = (desk: Desk, p: Person): boolean => desk.phase === 'live' && p.place === 'on_air';

/** Whether what is in preview differs from what is on air. */
export function differs(desk: Desk): boolean {
  const of = (p: Picture) => JSON.stringify([p.layout, p.spotlight ?? '', p.slate ?? '', p.cells ?? []]);
  return of(desk.program) !== of(desk.preview);
}

/** What the host sees of somebody who waits, counts down or is late. */
export interface Clock {
  /** Seconds since it went live; undefined before. */
  running: number | undefined;
  /** Seconds until the planned end, negative when over time; undefined without a plan. */
  left: number | undefined;
}

export function clockOf(desk: Desk, now: number): Clock {
  const live = desk.phase === 'live';
  const seconds = (iso: string | undefined, sign: number) => (iso ? Math.round((sign * (Date.parse(iso) - now)) / 1000) : undefined);
  return { running: live ? Math.max(0, seconds(desk.since, -1) ?? 0) : undefined, left: seconds(desk.ends_at, 1) };
}
