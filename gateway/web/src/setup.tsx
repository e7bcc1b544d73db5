// The first page of a new appliance: one form, then the first session.
import { signal, useSignal } from '@preact/signals';
import { render } from 'preact';
import { api, path, sentence } from './app/api';
import { t } from './app/i18n';
import { Check, Field, NewPassword, Refused, required, tooShort, useForm } from './office/form';
import { deviceName, makePasskey, withoutPasskeys } from './office/passkey';
import { setupToken } from './office/paths';
import type { Me } from './office/types';

const token = setupToken(location.hash, location.search);
const open = signal<boolean | undefined>(undefined);
const lost = signal('');

const Closed = () => (
  <div class="form panel">
    <h1>{t('setup.closed')}</h1>
    <p>{t('setup.closedHint')}</p>
    <div class="actions"><a class="button primary" href="/signin">{t('office.signIn')}</a></div>
  </div>
);

/** What the administrator will sign in with; where there are no passkeys, a password. */
function Proof({ passkey, error, onChange }: { passkey: boolean; error: string | undefined; onChange: (passkey: boolean) => void }) {
  const why = withoutPasskeys();
  const way = (is: boolean, label: string, hint: string) => (
    <label class="choice">
      <input type="radio" name="way" checked={passkey === is} onChange={() => onChange(is)} />
      <span class="label">{label}</span>
      <span class="hint">{hint}</span>
    </label>
  );
  return (
    <>
      {!why && (
        <div class="row" role="radiogroup" aria-label={t('setup.way')}>
          {way(false, t('office.password'), t('setup.passwordHint'))}
          {way(true, t('passkeys.one'), t('passkeys.hint'))}
        </div>
      )}
      {!passkey && <NewPassword name="password" label={t('office.password')} error={error} />}
      {why && <p class="hint">{why}</p>}
    </>
  );
}

const Setup = () => {
  const passkey = useSignal(false);
  const form = useForm(
    (v) => ({ ...required(v, 'name', 'title', ...(token ? [] : ['token'])), ...(!passkey.value && { password: tooShort(v['password']) }) }),
    async (v) => {
      const name = v['name']!.trim();
      const title = v['title']!.trim();
      const host = v['host']?.trim() || name;
      const secret = token || (v['token']?.trim() ?? '').replace(/^.*[#=]/, '');
      const proof = passkey.value
        ? { passkey: { name: deviceName(), credential: await makePasskey('setup/passkey', { token: secret, name }) } }
        : { password: v['password'] };
      const done = await api<{ me: Me; session?: string }>('POST', 'setup', {
        token: secret,
        name,
        ...proof,
        session_title: title,
        ...(v['card'] && { test_card: true }),
      });
      // The name on the picture is the administrator's until it is said otherwise;
      // should that fail, the session is there all the same and can be changed.
      if (done.session && host !== name) {
        await api('PATCH', path('sessions', done.session), { host_name: host }).catch(() => {});
      }
      location.assign(done.session ? `/studio/${done.session}` : '/admin');
    },
  );
  return (
    <form class="form panel" noValidate onSubmit={form.onSubmit}>
      <h1>{t('setup.title')}</h1>
      <p class="lead">{t('setup.lead')}</p>
      {!token && <Field name="token" label={t('setup.token')} hint={t('setup.tokenHint')} error={form.errors['token']} autocomplete="off" required />}
      <fieldset>
        <legend>{t('setup.you')}</legend>
        <Field name="name" label={t('office.name')} hint={t('setup.nameHint')} error={form.errors['name']} autocomplete="username" autocapitalize="none" maxLength={40} required />
        <Proof passkey={passkey.value} error={form.errors['password']} onChange={(p) => (passkey.value = p)} />
      </fieldset>
      <fieldset>
        <legend>{t('setup.first')}</legend>
        <div class="row">
          <Field name="title" label={t('office.sessionTitle')} hint={t('setup.titleHint')} error={form.errors['title']} maxLength={200} required />
          <Field name="host" label={t('office.hostName')} hint={t('setup.hostHint')} maxLength={40} />
        </div>
        <Check name="card" label={t('setup.card')} hint={t('setup.cardHint')} />
      </fieldset>
      <Refused problem={form.problem} />
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('setup.button')}</button></div>
    </form>
  );
};

const Page = () => {
  if (lost.value) return <div class="form panel"><Refused problem={lost.value} /></div>;
  if (open.value === undefined) return <p class="muted" role="status">{t('office.loading')}</p>;
  return open.value ? <Setup /> : <Closed />;
};

const main = document.getElementById('main')!;
main.replaceChildren();
render(<Page />, main);
api<{ open: boolean }>('GET', 'setup').then(
  (answer) => (open.value = answer.open),
  (error: unknown) => (lost.value = sentence(error)),
);
