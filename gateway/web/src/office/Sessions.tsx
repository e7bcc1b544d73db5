import { useSignal } from '@preact/signals';
import { api, path } from '../app/api';
import { t } from '../app/i18n';
import { may } from './account';
import { Ask, Dialog } from './Dialog';
import { Check, Field, Refused, required, useForm, type Values } from './form';
import { Invites, Keys } from './Access';
import { resource } from './resource';
import type { Managed } from './types';
import { fromField, toField, when } from './when';

export const sessions = resource<Managed>('manage');

const dates = (v: Values) =>
  v['starts'] && v['ends'] && v['starts']! >= v['ends']! ? { ends: t('admin.endsFirst') } : {};

function SessionForm({ session, onClose }: { session?: Managed; onClose: () => void }) {
  const form = useForm(
    (v) => ({ ...required(v, 'title', 'host'), ...dates(v) }),
    async (v) => {
      const [starts, ends] = [fromField(v['starts']), fromField(v['ends'])];
      const common = { title: v['title']!.trim(), host_name: v['host']!.trim(), autostart: v['autostart'] === 'on' };
      // A zero time takes a plan away.
      const none = session ? '0001-01-01T00:00:00Z' : undefined;
      const times = { ...((starts ?? none) && { starts: starts ?? none }), ...((ends ?? none) && { ends: ends ?? none }) };
      if (session) await api('PATCH', path('sessions', session.id), { ...common, ...times });
      else await api('POST', 'sessions', { ...common, ...times });
      await sessions.load();
      onClose();
    },
  );
  return (
    <Dialog title={t(session ? 'admin.change' : 'admin.newSession')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="title" label={t('office.sessionTitle')} error={form.errors['title']} defaultValue={session?.title ?? ''} maxLength={200} required />
        <Field name="host" label={t('office.hostName')} hint={t('admin.hostHint')} error={form.errors['host']} defaultValue={session?.host_name ?? ''} maxLength={40} required />
        <div class="row">
          <Field name="starts" label={t('admin.starts')} type="datetime-local" defaultValue={toField(session?.starts)} />
          <Field name="ends" label={t('admin.ends')} type="datetime-local" error={form.errors['ends']} defaultValue={toField(session?.ends)} />
        </div>
        <Check name="autostart" label={t('admin.autostart')} hint={t('admin.autostartHint')} checked={session?.autostart ?? false} />
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('office.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Card({ session: s }: { session: Managed }) {
  const doing = useSignal<'' | 'change' | 'delete'>('');
  const open = useSignal(false);
  const stop = () => (doing.value = '');
  const mayChange = may('sessions') && !s.declared;
  return (
    <li class="panel manage">
      <div class="manage-head">
        <div>
          <h3>{s.title}</h3>
          <p class="meta">{s.host_name}{s.starts && <span class="figures"> · {when(s.starts)}{s.ends && ` – ${when(s.ends)}`}</span>}</p>
        </div>
        {s.phase === 'live' ? <span class="badge live">{t('badge.live')}</span> : <span class="badge">{t(`phase.${s.phase}`)}</span>}
      </div>
      {s.declared && <p class="hint">{t('admin.declared')}</p>}
      <div class="actions">
        <a class="button primary small" href={`/studio/${s.id}`}>{t('admin.studio')}</a>
        <a class="button small" href={`/studio/${s.id}/obs`}>{t('admin.encoders')}</a>
        <a class="button small" href={`/s/${s.id}`}>{t('admin.watch')}</a>
        <a class="button small" href={`/mod/${s.id}`}>{t('admin.moderate')}</a>
        <button type="button" class="button small" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>{t('admin.access')}</button>
        {mayChange && <button type="button" class="button small" onClick={() => (doing.value = 'change')}>{t('admin.change')}</button>}
        {mayChange && <button type="button" class="button small danger" disabled={s.phase === 'live'} title={s.phase === 'live' ? t('admin.deleteLive') : undefined} onClick={() => (doing.value = 'delete')}>{t('office.delete')}</button>}
      </div>
      {open.value && (
        <div class="access">
          <Invites session={s.id} />
          <Keys session={s.id} />
        </div>
      )}
      {doing.value === 'change' && <SessionForm session={s} onClose={stop} />}
      {doing.value === 'delete' && (
        <Ask title={t('admin.deleteTitle', { title: s.title })} text={t('admin.deleteText')} yes={t('office.delete')} onClose={stop}
          onYes={() => void sessions.act(() => api('DELETE', path('sessions', s.id)))} />
      )}
    </li>
  );
}

export function Sessions() {
  const adding = useSignal(false);
  const list = sessions.list.value;
  return (
    <section class="office" aria-labelledby="sessions">
      <div class="office-head">
        <h2 id="sessions">{t('admin.sessions')}</h2>
        {may('sessions') && <button type="button" class="button primary" onClick={() => (adding.value = true)}>{t('admin.newSession')}</button>}
      </div>
      <Refused problem={sessions.problem.value} />
      {list?.length === 0 && <p class="muted">{t('admin.noSessions')}</p>}
      <ul class="manage-list">{list?.map((s) => <Card session={s} key={s.id} />)}</ul>
      {adding.value && <SessionForm onClose={() => (adding.value = false)} />}
    </section>
  );
}
