// The rows of a chat: what was said, in order, with what became of it. Pure: rows
// come in and new rows go out.
import type { Message, Said } from './types';

export type RowState = 'sent' | 'sending' | 'unsent' | 'held' | 'removed';

export interface MessageRow {
  kind: 'message';
  id: string;
  /** In ms; the order. */
  at: number;
  message: Message;
  state: RowState;
  /** Why it was not sent, in the server's words. */
  why?: string | undefined;
}

/** A question that is on air from the picture that is shown now on. */
export interface MarkRow {
  kind: 'mark';
  id: string;
  question: string;
  at: number;
  name: string;
  text: string;
}

export type Row = MessageRow | MarkRow;
export type Rows = readonly Row[];

/** Rows that are kept in memory, and that stand in the page at a time. */
export const KEPT = 600;
export const WINDOW = 200;

const sent = (message: Message): MessageRow => ({ kind: 'message', id: message.id, at: Date.parse(message.at), message, state: 'sent' });

/** Puts a row where its time says; one of the same id takes its place. */
export function put(rows: Rows, row: Row): Rows {
  if (rows.some((r) => r.id === row.id && r.at === row.at)) return rows.map((r) => (r.id === row.id ? row : r));
  const rest = rows.filter((r) => r.id !== row.id);
  let at = rest.length;
  while (at > 0 && rest[at - 1]!.at > row.at) at--;
  const all = [...rest.slice(0, at), row, ...rest.slice(at)];
  return all.length > KEPT ? all.slice(-KEPT) : all;
}

/** At the end, whatever time it is. The message that told of the question before its picture came goes. */
export const mark = (rows: Rows, id: string, question: string, name: string, text: string): Rows =>
  rows.some((r) => r.id === id)
    ? rows
    : put(rows.filter((r) => r.kind === 'mark' || r.message.question !== question), { kind: 'mark', id, question, at: rows.at(-1)?.at ?? 0, name, text });

const isMarked = (rows: Rows, { question }: Message): boolean => question !== undefined && rows.some((r) => r.kind === 'mark' && r.question === question);

export const become = (rows: Rows, id: string, state: RowState, why?: string): Rows =>
  rows.map((r) => (r.id === id && r.kind === 'message' ? { ...r, state, why } : r));

export const drop = (rows: Rows, id: string): Rows => rows.filter((r) => r.id !== id);

/** What a channel says happened. A message that was removed does not come back by being told late. */
export function heard(rows: Rows, said: Said): Rows {
  switch (said.type) {
    case 'message':
      if (rows.some((r) => r.id === said.message.id && r.kind === 'message' && r.state === 'removed')) return rows;
      return isMarked(rows, said.message) ? rows : put(rows, sent(said.message));
    case 'restored':
      return put(rows, sent(said.message));
    case 'hidden':
      return become(rows, said.id, 'removed');
    case 'deleted':
      return become(rows, said.id, 'removed');
    case 'cleared':
      return rows.filter((r) => r.at >= Date.parse(said.before) || isOurs(r));
    default:
      return rows;
  }
}

// What waits to be sent is nobody's to take away.
const isOurs = (row: Row): boolean => row.kind === 'message' && (row.state === 'sending' || row.state === 'unsent');

/**
 * The last messages as the server has them. What we have of their time and it has
 * not was removed while we were away; what was removed since it was asked stays so.
 */
export function caughtUp(rows: Rows, messages: readonly Message[], removedSince: ReadonlySet<string>): Rows {
  const ids = new Set(messages.map((m) => m.id));
  const [first, last] = [messages[0], messages.at(-1)].map((m) => (m ? Date.parse(m.at) : Infinity));
  let now = rows.map((r) => (r.kind === 'message' && r.state === 'sent' && r.at >= first! && r.at <= last! && !ids.has(r.id) ? { ...r, state: 'removed' as const } : r)) as Rows;
  for (const m of messages) if (!removedSince.has(m.id) && !isMarked(now, m)) now = put(now, sent(m));
  return now;
}

export interface View {
  rows: Rows;
  /** Rows before and after. */
  before: number;
  after: number;
}

/** The rows in the page: the newest, or those up to one that the reader is at. */
export function view(rows: Rows, until?: string): View {
  const found = until === undefined ? -1 : rows.findIndex((r) => r.id === until);
  const end = until === undefined ? rows.length : found < 0 ? Math.min(WINDOW, rows.length) : found + 1;
  const start = Math.max(0, end - WINDOW);
  return { rows: rows.slice(start, end), before: start, after: rows.length - end };
}
