import { page } from '../app/state';

const full = new Intl.DateTimeFormat(page.lang, { dateStyle: 'medium', timeStyle: 'short' });
const second = new Intl.DateTimeFormat(page.lang, { timeStyle: 'medium' });

/** Date and time where the reader is; a dash for none. */
export const when = (iso: string | undefined): string => (iso ? full.format(new Date(iso)) : '–');

/** The time of day, to the second. */
export const at = (iso: string): string => second.format(new Date(iso));

/** What a datetime-local field shows of a time. */
export function toField(iso: string | undefined): string {
  if (!iso) return '';
  const d = new Date(iso);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time that a datetime-local field says, or undefined. */
export const fromField = (value: string | undefined): string | undefined => (value ? new Date(value).toISOString() : undefined);
