// What the event is called, and when and where on the globe it is.
import { useSignal } from '@preact/signals';
import { api } from '../app/api';
import { t } from '../app/i18n';
import { Field, Refused, required, useForm } from '../office/form';
import { Area } from './fields';
import { load, schedule, type Schedule } from './schedule';

const zones = (): string[] => ['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? [])];
const here = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** The day after one, as 2026-11-28. */
const after = (date: string): string => new Date(Date.parse(`${date}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

const keyed = (days: Schedule['days']) => (days ?? []).map((d, i) => ({ ...d, key: i }));

// Its fields have names of their own: the dialogs of creators and slots open over it.
export function EventData({ event }: { event: Schedule }) {
  const days = useSignal(keyed(event.days));
  const saved = useSignal(false);
  const form = useForm(
    (v) => ({ ...required(v, 'event_name', 'time_zone') }),
    async (v) => {
      saved.value = false;
      const wanted = days.value.map(({ date, title }) => ({ date, title: title.trim() })).filter((d) => d.date !== '');
      await api('PUT', 'event', { name: v['event_name']!.trim(), description: v['event_description'] ?? '', time_zone: v['time_zone']!.trim(), days: wanted });
      await load();
      days.value = keyed(schedule.value?.days ?? wanted); // in their order
      saved.value = true;
    },
  );
  const change = (key: number, what: Partial<{ date: string; title: string }>) => (days.value = days.value.map((d) => (d.key === key ? { ...d, ...what } : d)));
  const add = () => {
    const last = days.value.at(-1);
    const date = last?.date ? after(last.date) : new Date().toISOString().slice(0, 10);
    days.value = [...days.value, { date, title: '', key: Math.max(-1, ...days.value.map((d) => d.key)) + 1 }];
  };
  return (
    <form class="form panel" noValidate onSubmit={form.onSubmit}>
      <h3>{t('event.data')}</h3>
      <div class="row">
        <Field name="event_name" label={t('event.name')} error={form.errors['event_name']} defaultValue={event.name} maxLength={100} required />
        <div class="field">
          <label for="time_zone">{t('event.zone')}</label>
          <input class="input" id="time_zone" name="time_zone" list="zones" defaultValue={event.time_zone || here()} aria-describedby="time_zone-hint" autocomplete="off" required />
          <datalist id="zones">{zones().map((z) => <option key={z} value={z} />)}</datalist>
          <p class="hint" id="time_zone-hint">{t('event.zoneHint')}</p>
          {form.errors['time_zone'] && <p class="error">{form.errors['time_zone']}</p>}
        </div>
      </div>
      <Area name="event_description" label={t('event.description')} hint={t('event.markdown')} value={event.description} maxLength={20_000} />
      <fieldset>
        <legend>{t('event.days')}</legend>
        {days.value.map((d, i) => (
          <div class="event-day-row" key={d.key}>
            <input class="input" type="date" aria-label={t('event.dayDate', { n: i + 1 })} value={d.date} onInput={(e) => change(d.key, { date: e.currentTarget.value })} />
            <input class="input" aria-label={t('event.dayTitle', { n: i + 1 })} placeholder={t('event.dayTitleShort')} value={d.title} maxLength={100} onInput={(e) => change(d.key, { title: e.currentTarget.value })} />
            <button type="button" class="button small quiet" aria-label={t('event.dayRemove', { n: i + 1 })} onClick={() => (days.value = days.value.filter((x) => x.key !== d.key))}>{t('office.delete')}</button>
          </div>
        ))}
        <div class="actions"><button type="button" class="button small" onClick={add}>{t('event.dayAdd')}</button></div>
      </fieldset>
      <Refused problem={form.problem} />
      <div role="status">{saved.value && <p class="done">{t('event.saved')}</p>}</div>
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('office.save')}</button></div>
    </form>
  );
}
