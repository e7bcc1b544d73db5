// What the API and the channel mod:SESSION say to those who keep a room kind.
import type { Phase } from '../app/state';

export type Badge = '' | 'creator' | 'guest' | 'moderator' | 'admin';

export interface Message {
  id: string;
  /** Whom acts are about. */
  author: string;
  name: string;
  badge: Badge;
  text: string;
  at: string;
  hidden: boolean;
  /** The name of who hid it. */
  hidden_by?: string;
  flags?: string[] | null;
}

export interface Asked {
  id: string;
  by: string;
  name: string;
  text: string;
  at: string;
}

export interface Held {
  id: string;
  kind: 'message' | 'question';
  message?: Message & { by?: string };
  question?: Asked;
  why: string[] | null;
  at: string;
}

export interface Report {
  id: string;
  message: Message & { by?: string };
  count: number;
  reasons: string[] | null;
  at: string;
}

export const leverNames = ['slow', 'links', 'hold_first', 'pause'] as const;
export type LeverName = (typeof leverNames)[number];

export interface Lever {
  name: LeverName;
  on: boolean;
  /** Seconds between two messages of a person, of slow mode. */
  value?: number;
  by?: string;
  name_of_by?: string;
  until?: string;
}

export interface Claim {
  by: string;
  name: string;
  until: string;
}

export interface Moderation {
  messages: Message[];
  held: Held[];
  reports: Report[];
  levers: Lever[];
  claims: Record<string, Claim>;
}

export interface PersonAct {
  act: string;
  by: string;
  at: string;
  reason?: string;
  until?: string;
}

export interface Person {
  id: string;
  name: string;
  since?: string;
  first_seen?: string;
  messages: Message[] | null;
  acts: PersonAct[] | null;
  note: string;
  trusted: boolean;
  banned: boolean;
  timed_out_until?: string;
}

/** A room in the list of the whole event. */
export interface RoomSummary {
  session: string;
  title: string;
  phase: Phase;
  held: number;
  reports: number;
  live_levers: number | string[];
}
