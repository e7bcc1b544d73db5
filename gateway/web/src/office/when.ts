import { page } from '../app/state';

const full = new Intl.DateTimeFormat(page.lang, { dateStyle: 'medium', timeStyle: 'short' });
const thisYear = new Intl.DateTimeFormat(page.lang, { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' });
const second = new Intl.DateTimeFormat(page.lang, { timeStyle: 'medium' });

/** Date and time where the reader is, without the year if it is this one; a dash for none. */
export function when(iso: string | undefined): string {
  if (!iso) return '–';
  const d = new Date(iso);
  return (d.getFullYear() === new Date().getFullYear() ? thisYear : full).format(d);
}

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
