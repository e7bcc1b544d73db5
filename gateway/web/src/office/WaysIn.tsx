// How who is signed in gets in: passkeys and a password. The last way in stays.
import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, path, Problem, sentence } from '../app/api';
import { t } from '../app/i18n';
import { me, signIn } from './account';
import { Ask, Dialog } from './Dialog';
import { Field, NewPassword, Refused, required, tooShort, useForm } from './form';
import { deviceName, makePasskey, withoutPasskeys } from './passkey';
import type { Passkey, Role, WaysIn } from './types';
import { when } from './when';

const ways = signal<WaysIn | undefined>(undefined);
const problem = signal('');
/** What was done last. */
const done = signal('');

async function load(): Promise<void> {
  try {
    ways.value = await api<WaysIn>('GET', 'me/passkeys');
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return signIn();
    problem.value = sentence(error);
  }
}

async function act(deed: () => Promise<unknown>, says: string): Promise<void> {
  problem.value = done.value = '';
  try {
    await deed();
    done.value = says;
  } catch (error) {
    problem.value = sentence(error);
  }
  await load();
}

function Password({ has }: { has: boolean }) {
  const form = useForm(
    (v) => ({ ...(has && required(v, 'old')), password: tooShort(v['password']) }),
    async (v) => {
      problem.value = done.value = '';
      await api('POST', 'me/password', { old: v['old'] ?? '', new: v['password'] });
      done.value = t('admin.passwordChanged');
      await load();
    },
  );
  return (
    <form class="form panel slim" noValidate onSubmit={form.onSubmit}>
      <h3>{t(has ? 'office.changePassword' : 'passkeys.setPassword')}</h3>
      {!has && <p class="hint">{t('passkeys.setPasswordHint')}</p>}
      <input type="hidden" autocomplete="username" value={me.value?.name ?? ''} />
      {has && <Field name="old" label={t('admin.oldPassword')} error={form.errors['old']} type="password" autocomplete="current-password" required />}
      <NewPassword name="password" label={t('users.newPassword')} error={form.errors['password']} />
      <Refused problem={form.problem} />
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('office.save')}</button></div>
    </form>
  );
}

/** Makes a passkey, or gives one another name. */
function PasskeyForm({ passkey, password, onClose }: { passkey?: Passkey; password: boolean; onClose: () => void }) {
  const form = useForm(
    (v) => required(v, 'name', ...(password ? ['secret'] : [])),
    async (v) => {
      const name = v['name']!.trim();
      problem.value = done.value = '';
      if (passkey) await api('PATCH', path('me', 'passkeys', passkey.id), { name });
      else {
        const credential = await makePasskey('me/passkeys/options', password ? { password: v['secret'] } : {});
        await api('POST', 'me/passkeys', { name, credential });
        done.value = t('passkeys.added');
      }
      await load();
      onClose();
    },
  );
  return (
    <Dialog title={t(passkey ? 'passkeys.rename' : 'passkeys.add')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="name" label={t('passkeys.name')} hint={passkey ? undefined : t('passkeys.addHint')} error={form.errors['name']} defaultValue={passkey?.name ?? deviceName()} maxLength={40} autocomplete="off" required />
        {password && <Field name="secret" label={t('passkeys.password')} error={form.errors['secret']} type="password" autocomplete="current-password" required />}
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t(passkey ? 'office.save' : 'passkeys.add')}</button>
        </div>
      </form>
    </Dialog>
  );
}

type Doing = { what: 'add' } | { what: 'rename' | 'remove'; passkey: Passkey };

function Passkeys({ list, start }: { list: Passkey[]; start: (doing: Doing) => void }) {
  const why = withoutPasskeys();
  return (
    <div class="panel">
      <h3>{t('passkeys.title')}</h3>
      {list.length === 0 && <p class="muted">{t('passkeys.none')}</p>}
      <ul class="rows">
        {list.map((k) => (
          <li class="line" key={k.id}>
            <span class="line-name">{k.name} <span class="muted">{k.site}</span></span>
            <span class="muted figures">{k.last_used ? t('passkeys.used', { when: when(k.last_used) }) : t('passkeys.made', { when: when(k.created) })}</span>
            <span class="actions">
              <button type="button" class="button small quiet" aria-label={`${t('passkeys.rename')}: ${k.name}`} onClick={() => start({ what: 'rename', passkey: k })}>{t('passkeys.rename')}</button>
              <button type="button" class="button small quiet" aria-label={`${t('office.delete')}: ${k.name}`} onClick={() => start({ what: 'remove', passkey: k })}>{t('office.delete')}</button>
            </span>
          </li>
        ))}
      </ul>
      {why ? <p class="hint">{why}</p> : <div class="actions"><button type="button" class="button primary" id="add-passkey" onClick={() => start({ what: 'add' })}>{t('passkeys.add')}</button></div>}
    </div>
  );
}

export function Account() {
  const doing = useSignal<Doing | undefined>(undefined);
  useEffect(() => void load(), []);
  const start = (d: Doing) => (doing.value = d);
  const stop = () => (doing.value = undefined);
  const is = doing.value;
  return (
    <section class="office" aria-labelledby="account">
      <div class="office-head">
        <h2 id="account">{t('office.account')}</h2>
        <p class="muted">{me.value?.name} · {t(`users.${me.value?.role as Role}`)}</p>
      </div>
      <Refused problem={problem.value} />
      <div role="status">{done.value && <p class="done">{done.value}</p>}</div>
      {ways.value && (
        <>
          <Passkeys list={ways.value.passkeys} start={start} />
          <Password key={String(ways.value.password)} has={ways.value.password} />
        </>
      )}
      {is?.what === 'add' && <PasskeyForm password={ways.value?.password ?? false} onClose={stop} />}
      {is?.what === 'rename' && <PasskeyForm passkey={is.passkey} password={false} onClose={stop} />}
      {is?.what === 'remove' && (
        <Ask title={t('passkeys.removeTitle', { name: is.passkey.name })} text={t('passkeys.removeText')} yes={t('office.delete')} onClose={stop}
          onYes={() => void act(() => api('DELETE', path('me', 'passkeys', is.passkey.id)), t('passkeys.removed'))} />
      )}
    </section>
  );
}
