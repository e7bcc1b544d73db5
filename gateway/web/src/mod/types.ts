// What the API and the channel mod:SESSION say to those who keep a room kind.
import type { Phase } from '../app/state';
import type { Badge } from '../room/types';

/** A message or a question, as it was said. */
export interface Said {
  id: string;
  by: string;
  name: string;
  badge: Badge;
  text: string;
  at: string;
}

export interface Message extends Said {
  /** Whom acts are about. */
  author: string;
  hidden: boolean;
  /** The name of who hid it. */
  hidden_by?: string;
  flags: string[];
}

export interface Held {
  id: string;
  kind: 'message' | 'question';
  message?: Said;
  question?: Said;
  why: string[];
  at: string;
}

export interface Report {
  id: string;
  message: Message;
  count: number;
  reasons: string[];
  at: string;
}

export const leverNames = ['slow', 'links', 'hold_first', 'pause'] as const;
export type LeverName = (typeof leverNames)[number];

export interface Lever {
  name: LeverName;
  on: boolean;
  /** Seconds between two messages of a person, of slow mode. */
  value?: number;
  by: string;
  name_of_by: string;
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
  /** A name. */
  by: string;
  at: string;
  reason?: string;
  until?: string;
}

export interface Person {
  id: string;
  name: string;
  first_seen: string;
  messages: Message[];
  acts: PersonAct[];
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
  live_levers: number;
}
