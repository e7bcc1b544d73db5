// What the API and the channels say of a room. Twins of the types in gateway/show.
export type Badge = '' | 'creator' | 'guest' | 'moderator' | 'admin';

export interface MyPlace {
  id: string;
  /** Empty until a name was chosen. */
  nickname: string;
  badge: Badge;
  may: string[];
  timed_out_until?: string;
  banned?: boolean;
}

export interface RoomState {
  paused: boolean;
  slow_seconds: number;
  links_off: boolean;
  hold_first: boolean;
  /** The question that is on air. */
  on_air?: string;
  /** The session has ended. */
  closed: boolean;
}

export interface Message {
  id: string;
  by: string;
  name: string;
  badge: Badge;
  text: string;
  at: string;
  reply_to?: string;
  question?: string;
  mine?: boolean;
}

export type QuestionState = 'open' | 'next' | 'on_air' | 'answered' | 'dismissed';

export interface Question {
  id: string;
  by: string;
  name: string;
  text: string;
  at: string;
  votes: number;
  state: QuestionState;
  voted?: boolean;
}

export interface Poll {
  id: string;
  question: string;
  options: { text: string; votes: number }[];
  state: 'open' | 'closed';
  shown: boolean;
  closes?: string;
  /** The option that I chose. */
  mine?: number;
}

export interface Pin {
  id: string;
  product: string;
  title: string;
  price: string;
  currency: string;
  picture?: string;
  link: string;
  stock?: number;
  offer_ends?: string;
  start: string;
  seconds: number;
}

export interface RaisedHand {
  viewer: string;
  name: string;
  note: string;
  at: string;
}

export interface Snapshot {
  me: MyPlace;
  state: RoomState;
  messages: Message[] | null;
  questions: Question[] | null;
  polls: Poll[] | null;
  pins: Pin[] | null;
  reactions: string[] | null;
}

/** What room:SESSION says. */
export type Said =
  | { type: 'message' | 'restored'; message: Message }
  | { type: 'hidden' | 'deleted'; id: string }
  | { type: 'cleared'; before: string }
  | { type: 'reactions'; counts: Record<string, number> };

/** What me:ID says. */
export type SaidToMe =
  | { type: 'timed_out'; until: string; reason?: string }
  | { type: 'banned' | 'unbanned' }
  | { type: 'approved'; message: Message }
  | { type: 'denied'; id: string }
  | { type: 'invite'; url: string; session: string }
  | { type: 'hand'; up: boolean };
