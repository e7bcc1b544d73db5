// When which session is. All times are on the clocks of the event.
import { useSignal } from '@preact/signals';
import { api, path } from '../app/api';
import { t } from '../app/i18n';
import { page } from '../app/state';
import { Dialog } from '../office/Dialog';
import { Check, Field, Refused, required, useForm, type Values } from '../office/form';
import { sessions } from '../office/Sessions';
import { Area, Picture, pictureError, type Choice } from './fields';
import { load, zone, type Creator, type Schedule, type Slot } from './schedule';
import { fromZone, isPlanned, spanOf, toZone } from './zone';

const NO_TIME = '0001-01-01T00:00:00Z';

/** What is wrong with the times, by field. Overlaps are the server's to tell. */
function times(v: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  const [from, to] = [v['starts'] ?? '', v['ends'] ?? ''];
  if (from && !fromZone(from, zone.value)) wrong['starts'] = t('event.skipped');
  if (to && !fromZone(to, zone.value)) wrong['ends'] = t('event.skipped');
  if (from && !to) wrong['ends'] = t('office.required');
  if (to && !from) wrong['starts'] = t('office.required');
  if (from && to && from >= to) wrong['ends'] = t('admin.endsFirst');
  return wrong;
}

function SlotForm({ slot: s, creators, categories, onClose }: { slot: Slot; creators: Creator[]; categories: string[]; onClose: () => void }) {
  const choice = useSignal<Choice>({});
  const chosen = useSignal(new Set(s.creators ?? []));
  const form = useForm(
    (v) => ({ ...required(v, 'title'), ...times(v), picture: pictureError(choice.value) }),
    async (v) => {
      await api('PATCH', path('sessions', s.session, 'slot'), {
        title: v['title']!.trim(), description: v['description'] ?? '', category: v['category']?.trim() ?? '',
        creators: creators.map((c) => c.id).filter((id) => chosen.value.has(id)),
        starts: fromZone(v['starts'] ?? '', zone.value) ?? NO_TIME, ends: fromZone(v['ends'] ?? '', zone.value) ?? NO_TIME,
        cancelled: v['cancelled'] === 'on',
      });
      const poster = path('sessions', s.session, 'poster');
      if (choice.value.file) await api('PUT', poster, choice.value.file);
      else if (choice.value.remove) await api('DELETE', poster);
      await Promise.all([load(), sessions.load()]);
      onClose();
    },
  );
  const toggle = (id: string) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  return (
    <Dialog title={t('event.slotChange')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="title" label={t('office.sessionTitle')} error={form.errors['title']} defaultValue={s.title} maxLength={200} required />
        <div class="row">
          <Field name="starts" label={t('admin.starts')} type="datetime-local" error={form.errors['starts']} defaultValue={toZone(s.starts, zone.value)} />
          <Field name="ends" label={t('admin.ends')} type="datetime-local" error={form.errors['ends']} defaultValue={toZone(s.ends, zone.value)} />
        </div>
        <p class="hint">{t('event.timesHint', { zone: zone.value })}</p>
        <div class="field">
          <label for="category">{t('event.category')}</label>
          <input class="input" id="category" name="category" list="categories" defaultValue={s.category} maxLength={60} autocomplete="off" />
          <datalist id="categories">{categories.map((c) => <option key={c} value={c} />)}</datalist>
        </div>
        {creators.length > 0 && (
          <fieldset class="creator-choice">
            <legend>{t('event.creators')}</legend>
            <div class="creator-boxes">
              {creators.map((c) => (
                <label class="check" key={c.id}><input type="checkbox" checked={chosen.value.has(c.id)} onChange={() => toggle(c.id)} /> {c.name}</label>
              ))}
            </div>
          </fieldset>
        )}
        <Area name="description" label={t('event.description')} hint={t('event.markdown')} value={s.description} maxLength={20_000} />
        <Picture label={t('event.poster')} now={s.poster} choice={choice} error={form.errors['picture']} />
        <Check name="cancelled" label={t('event.cancelled')} hint={t('event.cancelledHint')} checked={s.cancelled} />
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('office.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Every session, those without a time last. */
function all(event: Schedule): Slot[] {
  const known = new Map((event.slots ?? []).map((s) => [s.session, s]));
  const others = (sessions.list.value ?? []).filter((s) => !known.has(s.id)).map((s): Slot => ({
    session: s.id, title: s.title, description: '', category: '', creators: [], starts: s.starts ?? NO_TIME, ends: s.ends ?? NO_TIME, cancelled: false, phase: s.phase,
  }));
  return [...known.values(), ...others].sort((a, b) => Number(isPlanned(b.starts)) - Number(isPlanned(a.starts)) || Date.parse(a.starts) - Date.parse(b.starts));
}

export function Slots({ event }: { event: Schedule }) {
  const changing = useSignal<Slot | undefined>(undefined);
  const creators = event.creators ?? [];
  const name = (id: string) => creators.find((c) => c.id === id)?.name ?? id;
  const list = all(event);
  const categories = [...new Set(list.map((s) => s.category).filter(Boolean))].sort();
  return (
    <section class="office" aria-labelledby="event-slots">
      <div class="office-head">
        <h3 id="event-slots">{t('home.programme')}</h3>
        <a class="button" href="#sessions">{t('event.sessionAdd')}</a>
      </div>
      <p class="hint">{t('event.timesHint', { zone: zone.value })}</p>
      {list.length === 0 && <p class="muted">{t('admin.noSessions')}</p>}
      {list.length > 0 && (
        <ul class="rows panel">
          {list.map((s) => (
            <li class={s.cancelled ? 'line off' : 'line'} key={s.session}>
              <span class="figures slot-time">{isPlanned(s.starts) ? spanOf(s.starts, s.ends, zone.value, page.lang) : t('event.noTime')}</span>
              <span class="line-name">{s.title} <span class="muted">{[(s.creators ?? []).map(name).join(', '), s.category, s.cancelled && t('event.isCancelled')].filter(Boolean).join(' · ')}</span></span>
              <button type="button" class="button small quiet" aria-label={`${t('admin.change')}: ${s.title}`} onClick={() => (changing.value = s)}>{t('admin.change')}</button>
            </li>
          ))}
        </ul>
      )}
      {changing.value && <SlotForm slot={changing.value} creators={creators} categories={categories} onClose={() => (changing.value = undefined)} />}
    </section>
  );
}
