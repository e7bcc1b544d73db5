// Which other systems are told what happens. The secret that signs is shown once.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { api, path } from '../app/api';
import { count, t, type Key } from '../app/i18n';
import { page } from '../app/state';
import { CopyLine } from './CopyLine';
import { Ask, Dialog } from './Dialog';
import { Field, Refused, required, useForm } from './form';
import { resource } from './resource';
import { when } from './when';

interface Webhook {
  id: string;
  url: string;
  events: string[];
  created: string;
  enabled: boolean;
  /** Why Regie switched it off. */
  why?: string;
  reason?: string;
  failing_since?: string;
  /** Until then the secret before signs, too. */
  old_secret_until?: string;
}

interface Delivery {
  id: string;
  event: string;
  at: string;
  outcome: string;
  attempts: number;
  /** The HTTP status of the last answer. */
  status?: number;
  error?: string;
  reason?: string;
  next?: string;
}

const EVENTS = ['session.started', 'session.ended', 'question.on_air', 'pin.shown'] as const;

const hooks = resource<Webhook>('webhooks');

/** A word for what the server names; one that is new to this page is shown as it is. */
const wordOf = (kind: 'event' | 'outcome', name: string): string => {
  const key = `webhooks.${kind}.${name}`;
  return page.messages[key] === undefined ? name : t(key as Key);
};

/** What went wrong, in the page's language where it knows the reason. */
const reasonOf = (d: { reason?: string; status?: number; error?: string }): string => {
  const key = `webhooks.reason.${d.reason ?? ''}`;
  return page.messages[key] === undefined ? [d.status, d.error].filter(Boolean).join(' ') : t(key as Key, { status: d.status ?? '' });
};

const whyOff = (h: Webhook): string => {
  if (!h.why) return t('webhooks.off');
  if (h.reason === 'silent' && h.failing_since) return t('webhooks.offSilent', { when: when(h.failing_since) });
  return t('webhooks.offWhy', { why: reasonOf({ ...h, error: h.why }) });
};

function AddForm({ onClose, made }: { onClose: () => void; made: (hook: Webhook & { secret: string }) => void }) {
  const form = useForm(
    (v) => ({
      ...required(v, 'url'), // which addresses may be is the server's to say: the operator can except hosts
      ...(!EVENTS.some((e) => v[e] === 'on') && { [EVENTS[0]]: t('webhooks.eventsWrong') }),
    }),
    async (v) => {
      made(await api('POST', 'webhooks', { url: v['url']!.trim(), events: EVENTS.filter((e) => v[e] === 'on') }));
      await hooks.load();
      onClose();
    },
  );
  const missing = form.errors[EVENTS[0]];
  return (
    <Dialog title={t('webhooks.add')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="url" label={t('webhooks.url')} error={form.errors['url']} maxLength={1000} autocomplete="off" required />
        <fieldset aria-describedby={missing && 'events-error'}>
          <legend>{t('webhooks.events')}</legend>
          {EVENTS.map((e) => (
            <label class="choice" key={e}>
              <input type="checkbox" name={e} defaultChecked />
              <span class="label">{wordOf('event', e)}</span>
              <span class="hint">{e}</span>
            </label>
          ))}
          {missing && <p class="error" id="events-error">{missing}</p>}
        </fieldset>
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('webhooks.add')}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Deliveries({ hook, asked }: { hook: Webhook; asked: number }) {
  const where = `${path('webhooks', hook.id)}/deliveries`;
  const list = useMemo(() => resource<Delivery>(where), [where]);
  const waits = list.list.value?.some((d) => d.outcome === 'pending');
  useEffect(() => {
    void list.load();
    const again = waits && setInterval(() => void list.load(), 2000);
    return () => void (again && clearInterval(again));
  }, [list, asked, waits]);
  return (
    <div class="deliveries">
      <Refused problem={list.problem.value} />
      {list.list.value?.length === 0 && <p class="hint">{t('webhooks.noDeliveries')}</p>}
      <ul class="rows" aria-label={t('webhooks.deliveriesOf', { url: hook.url })}>
        {list.list.value?.map((d) => (
          <li class="line" key={d.id}>
            <span class="figures muted">{when(d.at)}</span>
            <span class="line-name">{wordOf('event', d.event)}</span>
            <span class={`outcome ${d.outcome}`}>{wordOf('outcome', d.outcome)}</span>
            <span class="muted figures">
              {[count('webhooks.attempts', d.attempts), reasonOf(d), d.next && t('webhooks.next', { when: when(d.next) })].filter(Boolean).join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Line({ hook: h, rotate, remove }: { hook: Webhook; rotate: () => void; remove: () => void }) {
  const open = useSignal(false);
  const tested = useSignal(0);
  const test = () => void hooks.act(async () => {
    await api('POST', `${path('webhooks', h.id)}/test`);
    tested.value++;
    open.value = true;
  });
  const turn = () => void hooks.act(() => api('PATCH', path('webhooks', h.id), { enabled: !h.enabled }));
  return (
    <li class="panel webhook">
      <p class="line-name">{h.url}</p>
      <p class="hint">{h.events.map((e) => wordOf('event', e)).join(', ')}</p>
      {!h.enabled && <p class="off">{whyOff(h)}</p>}
      {h.enabled && h.failing_since && <p class="off">{t('webhooks.failing', { when: when(h.failing_since) })}</p>}
      {h.old_secret_until && <p class="hint">{t('webhooks.oldSecret', { when: when(h.old_secret_until) })}</p>}
      <div class="actions">
        <button type="button" class="button small" aria-label={t('webhooks.testOf', { url: h.url })} onClick={test}>{t('webhooks.test')}</button>
        <button type="button" class="button small" aria-expanded={open.value} aria-label={t('webhooks.deliveriesOf', { url: h.url })} onClick={() => (open.value = !open.value)}>{t('webhooks.deliveries')}</button>
        <button type="button" class="button small" aria-label={t(h.enabled ? 'webhooks.disableOf' : 'webhooks.enableOf', { url: h.url })} onClick={turn}>{t(h.enabled ? 'webhooks.disable' : 'webhooks.enable')}</button>
        <button type="button" class="button small" aria-label={t('webhooks.rotateOf', { url: h.url })} onClick={rotate}>{t('webhooks.rotate')}</button>
        <button type="button" class="button small danger" aria-label={t('webhooks.deleteOf', { url: h.url })} onClick={remove}>{t('office.delete')}</button>
      </div>
      <div role="status">{tested.value > 0 && <p class="done">{t('webhooks.tested')}</p>}</div>
      {open.value && <Deliveries hook={h} asked={tested.value} />}
    </li>
  );
}

export function Webhooks() {
  const adding = useSignal(false);
  const fresh = useSignal<(Webhook & { secret: string }) | undefined>(undefined);
  const ending = useSignal<Webhook | undefined>(undefined);
  const turning = useSignal<Webhook | undefined>(undefined);
  useEffect(() => void hooks.load(), []);
  const list = hooks.list.value;
  return (
    <section class="office" aria-labelledby="webhooks">
      <div class="office-head">
        <h2 id="webhooks">{t('webhooks.title')}</h2>
        <button type="button" class="button primary" onClick={() => (adding.value = true)}>{t('webhooks.add')}</button>
      </div>
      <p class="muted">{t('webhooks.lead')}</p>
      {fresh.value && (
        <div class="secret">
          <CopyLine label={t('webhooks.secret', { url: fresh.value.url })} value={fresh.value.secret} secret />
          <p class="hint">{t('seats.once')}</p>
        </div>
      )}
      <Refused problem={hooks.problem.value} />
      {list?.length === 0 && <p class="muted">{t('webhooks.none')}</p>}
      <ul class="manage-list">{list?.map((h) => <Line key={h.id} hook={h} rotate={() => (turning.value = h)} remove={() => (ending.value = h)} />)}</ul>
      {adding.value && <AddForm onClose={() => (adding.value = false)} made={(h) => (fresh.value = h)} />}
      {turning.value && (
        <Ask title={t('webhooks.rotateTitle')} text={t('webhooks.rotateText', { url: turning.value.url })} yes={t('webhooks.rotate')} onClose={() => (turning.value = undefined)}
          onYes={() => { const id = turning.value!.id; void hooks.act(async () => { fresh.value = await api('POST', `${path('webhooks', id)}/secret`); }); }} />
      )}
      {ending.value && (
        <Ask title={t('webhooks.deleteTitle')} text={t('webhooks.deleteText', { url: ending.value.url })} yes={t('office.delete')} onClose={() => (ending.value = undefined)}
          onYes={() => { const id = ending.value!.id; void hooks.act(() => api('DELETE', path('webhooks', id))); }} />
      )}
    </section>
  );
}
