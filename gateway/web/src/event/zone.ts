// Times on the clocks of an event, which are not always those of who plans it.

/** Milliseconds by which a zone's clocks are ahead of UTC at a moment. */
function ahead(ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(ms);
  const n = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  return Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second')) - Math.floor(ms / 1000) * 1000;
}

export const isPlanned = (iso: string | undefined): boolean => iso !== undefined && Date.parse(iso) > 0;

/** What a datetime-local field shows of a time, on the clocks of a zone. */
export function toZone(iso: string | undefined, zone: string): string {
  if (!isPlanned(iso)) return '';
  const ms = Date.parse(iso!);
  return new Date(ms + ahead(ms, zone)).toISOString().slice(0, 16);
}

/**
 * The moment at which a zone's clocks show what a field says; the first of two in
 * autumn. undefined: they never do, because they skip that hour in spring.
 */
export function fromZone(field: string, zone: string): string | undefined {
  const wall = Date.parse(`${field}Z`);
  if (Number.isNaN(wall)) return undefined;
  for (const around of [-86_400_000, 86_400_000]) {
    const iso = new Date(wall - ahead(wall + around, zone)).toISOString();
    if (toZone(iso, zone) === field.slice(0, 16)) return iso;
  }
  return undefined;
}

/** "Fri 27 Nov, 14:00–14:45" on the clocks of a zone. */
export function spanOf(starts: string, ends: string, zone: string, lang: string): string {
  const day = new Intl.DateTimeFormat(lang, { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short' });
  const clock = new Intl.DateTimeFormat(lang, { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false });
  return `${day.format(Date.parse(starts))}, ${clock.format(Date.parse(starts))}–${clock.format(Date.parse(ends))}`;
}
