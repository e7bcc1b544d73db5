import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, path } from '../app/api';
import { t } from '../app/i18n';
import { me } from './account';
import { CopyLine } from './CopyLine';
import { Ask, Dialog } from './Dialog';
import { Field, NewPassword, Refused, required, Select, tooShort, useForm } from './form';
import { resource } from './resource';
import type { Role, User } from './types';
import { when } from './when';

const users = resource<User>('users');
const roles = (): [string, string][] => (['creator', 'moderator', 'admin'] as const).map((r) => [r, t(`users.${r}`)]);

function UserForm({ user, onClose, made }: { user?: User; onClose: () => void; made: (name: string, password: string) => void }) {
  const form = useForm(
    (v) => ({ ...required(v, 'name'), ...(v['password'] && { password: tooShort(v['password']) }) }),
    async (v) => {
      const fields = { name: v['name']!.trim(), role: v['role'] as Role, ...(v['password'] && { password: v['password'] }) };
      if (user) await api('PATCH', path('users', user.id), fields);
      else {
        const answer = await api<{ user: User; password?: string }>('POST', 'users', fields);
        if (answer.password) made(answer.user.name, answer.password);
      }
      await users.load();
      onClose();
    },
  );
  return (
    <Dialog title={t(user ? 'users.change' : 'users.add')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="name" label={t('office.name')} error={form.errors['name']} defaultValue={user?.name ?? ''} maxLength={40} autocomplete="off" required />
        <Select name="role" label={t('users.role')} hint={t('users.roleHint')} options={roles()} value={user?.role ?? 'creator'} />
        <NewPassword name="password" label={t(user ? 'users.newPassword' : 'office.password')} hint={t(user ? 'users.passwordKeep' : 'users.passwordMade')} error={form.errors['password']} optional />
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('office.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

export function People() {
  const doing = useSignal<{ what: 'add' | 'change' | 'delete'; user?: User } | undefined>(undefined);
  const fresh = useSignal<{ name: string; password: string } | undefined>(undefined);
  useEffect(() => void users.load(), []);
  const stop = () => (doing.value = undefined);
  const user = doing.value?.user;
  return (
    <section class="office" aria-labelledby="users">
      <div class="office-head">
        <h2 id="users">{t('users.title')}</h2>
        <button type="button" class="button primary" onClick={() => (doing.value = { what: 'add' })}>{t('users.add')}</button>
      </div>
      {fresh.value && (
        <div class="secret">
          <CopyLine label={t('users.passwordOf', { name: fresh.value.name })} value={fresh.value.password} secret />
          <p class="hint">{t('users.passwordOnce')}</p>
        </div>
      )}
      <Refused problem={users.problem.value} />
      <ul class="rows panel">
        {users.list.value?.map((u) => (
          <li class={u.disabled ? 'line off' : 'line'} key={u.id}>
            <span class="line-name">{u.name} <span class="muted">{t(`users.${u.role}`)}{u.disabled && ` · ${t('users.disabled')}`}</span></span>
            <span class="muted figures">{u.last_seen ? t('users.seen', { when: when(u.last_seen) }) : t('users.never')}</span>
            <span class="actions">
              <button type="button" class="button small quiet" aria-label={`${t('users.change')}: ${u.name}`} onClick={() => (doing.value = { what: 'change', user: u })}>{t('admin.change')}</button>
              {u.name !== me.value?.name && (
                <>
                  <button type="button" class="button small quiet" aria-label={`${t(u.disabled ? 'users.enable' : 'users.disable')}: ${u.name}`} onClick={() => void users.act(() => api('PATCH', path('users', u.id), { disabled: !u.disabled }))}>{t(u.disabled ? 'users.enable' : 'users.disable')}</button>
                  <button type="button" class="button small quiet" aria-label={`${t('office.delete')}: ${u.name}`} onClick={() => (doing.value = { what: 'delete', user: u })}>{t('office.delete')}</button>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {(doing.value?.what === 'add' || doing.value?.what === 'change') && (
        <UserForm {...(user && { user })} onClose={stop} made={(name, password) => (fresh.value = { name, password })} />
      )}
      {doing.value?.what === 'delete' && user && (
        <Ask title={t('users.deleteTitle', { name: user.name })} text={t('users.deleteText')} yes={t('office.delete')} onClose={stop}
          onYes={() => void users.act(() => api('DELETE', path('users', user.id)))} />
      )}
    </section>
  );
}
