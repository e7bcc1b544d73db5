// The page that signs somebody in and leads on.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { api } from './app/api';
import { t } from './app/i18n';
import { Field, Refused, required, useForm } from './office/form';
import { ownPath } from './office/paths';
import type { Me } from './office/types';

/** Nobody can sign in yet: there is no account. */
const notSetUp = signal(false);
const next = ownPath(new URLSearchParams(location.search).get('next'));

const SignIn = () => {
  const form = useForm(
    (v) => required(v, 'name', 'password'),
    async ({ name = '', password = '' }) => {
      await api<{ me: Me }>('POST', 'signin', { name: name.trim(), password });
      location.assign(next);
    },
  );
  return (
    <form class="form panel" noValidate onSubmit={form.onSubmit}>
      <h1>{t('signin.title')}</h1>
      <p class="lead">{t('signin.lead')}</p>
      {notSetUp.value && <p class="problem" role="status">{t('signin.notSetUp')}</p>}
      <Field name="name" label={t('office.name')} error={form.errors['name']} autocomplete="username" autocapitalize="none" required />
      <Field name="password" label={t('office.password')} error={form.errors['password']} type="password" autocomplete="current-password" required />
      <Refused problem={form.problem} />
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('signin.button')}</button></div>
      <p class="hint">{t('signin.lost')}</p>
    </form>
  );
};

const main = document.getElementById('main')!;
main.replaceChildren();
render(<SignIn />, main);
main.querySelector<HTMLElement>('#name')?.focus();
api<{ open: boolean }>('GET', 'setup').then((answer) => (notSetUp.value = answer.open), () => {}); // signing in says what is wrong
