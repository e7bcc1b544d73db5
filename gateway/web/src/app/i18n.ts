// Messages in the page's language. The server chose it and put the catalogue
// into the page; i18n/en.json says which keys exist, so a wrong one is a type error.
import type en from '../../i18n/en.json';
import { page } from './state';

type Catalogue = typeof en;
export type Key = keyof Catalogue;
type Counted = Key extends infer K ? (K extends `${infer Base}.one` ? Base : never) : never;

const numbers = new Intl.NumberFormat(page.lang);
const plurals = new Intl.PluralRules(page.lang);

/** A message with its {placeholders} filled. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const message = page.messages[key] ?? key;
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value;
  });
}

/** The form of a message that goes with n. */
export function count(base: Counted, n: number): string {
  const form = plurals.select(n) === 'one' ? 'one' : 'other';
  return t(`${base}.${form}` as Key, { n });
}

/** "Ana with Théo, Mei and Lou": the same sentence as the server's. */
export function people(names: string[]): string {
  const [host, ...guests] = names;
  if (host === undefined) return '';
  if (guests.length === 0) return host;
  return t('people.with', { host, guests: list(guests) });
}

function list(names: string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : t('people.and', { list: names.slice(0, -1).join(', '), last });
}

/** Seconds as people read them: "1.4", or "12" from ten on. */
export function seconds(s: number): string {
  const digits = s < 10 ? 1 : 0;
  return new Intl.NumberFormat(page.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(s);
}

/** "1:05", "1:02:03": minutes and seconds, hours when there are any. */
export function elapsed(s: number): string {
  const whole = Math.floor(s);
  const [h, m] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`;
}

const clocks = new Intl.DateTimeFormat(page.lang, { timeStyle: 'medium' });

/** The time of day, to the second, where the viewer is. */
export const clock = (ms: number): string => clocks.format(ms);

const shortClocks = new Intl.DateTimeFormat(page.lang, { timeStyle: 'short' });

/** The time of day, to the minute. */
export const clockShort = (ms: number): string => shortClocks.format(ms);
