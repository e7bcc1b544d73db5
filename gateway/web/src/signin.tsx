// The page that signs somebody in and leads on.
import { signal, useSignal } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { api, sentence } from './app/api';
import { t } from './app/i18n';
import { Field, Refused, required, useForm } from './office/form';
import { offersPasskeys, usePasskey, withoutPasskeys } from './office/passkey';
import { ownPath } from './office/paths';
import type { Me } from './office/types';

/** Nobody can sign in yet: there is no account. */
const notSetUp = signal(false);
/** To where they were going, else home: the office has next to nothing for moderators. */
const goOn = ({ me }: { me: Me }) =>
  location.assign(ownPath(new URLSearchParams(location.search).get('next'), me.role === 'moderator' ? '/mod' : '/admin'));

/** The server forgets what it asked after five minutes; the page asks again before. */
const ASK_AGAIN_MS = 240_000;

const send = async (credential: object) => {
  goOn(await api<{ me: Me }>('POST', 'signin/passkey', { credential }));
};

/** Lets the browser offer passkeys at the name, until stopped. Silent until somebody has chosen one. */
function offer(lost: (problem: string) => void): () => void {
  let stopped = false;
  let round = new AbortController();
  const again = setInterval(() => round.abort(), ASK_AGAIN_MS);
  const rounds = async () => {
    if (!(await offersPasskeys())) return;
    while (!stopped) {
      round = new AbortController();
      const { signal } = round;
      const credential = await usePasskey(signal).catch(() => undefined);
      if (credential) await send(credential).catch((error: unknown) => lost(sentence(error)));
      else if (!signal.aborted) return; // the button is there
    }
  };
  void rounds();
  return () => {
    stopped = true;
    clearInterval(again);
    round.abort();
  };
}

function Passkey() {
  const problem = useSignal('');
  const busy = useSignal(false);
  const stop = useRef(() => {});
  const start = () => (stop.current = offer((p) => (problem.value = p)));
  useEffect(() => {
    start();
    return () => stop.current();
  }, []);
  const why = withoutPasskeys();
  if (why) return <p class="hint">{why}</p>;
  const use = async () => {
    busy.value = true;
    problem.value = '';
    stop.current(); // one request at a time
    try {
      await send(await usePasskey());
    } catch (error) {
      problem.value = sentence(error);
      start();
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <p class="or"><span>{t('signin.or')}</span></p>
      <Refused problem={problem.value} />
      <div class="actions"><button type="button" class="button" id="passkey" disabled={busy.value} onClick={() => void use()}>{t('signin.passkey')}</button></div>
    </>
  );
}

const SignIn = () => {
  const form = useForm(
    (v) => required(v, 'name', 'password'),
    async ({ name = '', password = '' }) => {
      goOn(await api<{ me: Me }>('POST', 'signin', { name: name.trim(), password }));
    },
  );
  return (
    <form class="form panel" noValidate onSubmit={form.onSubmit}>
      <h1>{t('signin.title')}</h1>
      <p class="lead">{t('signin.lead')}</p>
      {notSetUp.value && <p class="problem" role="status">{t('signin.notSetUp')}</p>}
      <Field name="name" label={t('office.name')} error={form.errors['name']} autocomplete="username webauthn" autocapitalize="none" required />
      <Field name="password" label={t('office.password')} error={form.errors['password']} type="password" autocomplete="current-password" required />
      <Refused problem={form.problem} />
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('signin.button')}</button></div>
      <Passkey />
      <p class="hint">{t('signin.lost')}</p>
    </form>
  );
};

const main = document.getElementById('main')!;
main.replaceChildren();
render(<SignIn />, main);
main.querySelector<HTMLElement>('#name')?.focus();
api<{ open: boolean }>('GET', 'setup').then((answer) => (notSetUp.value = answer.open), () => {}); // signing in says what is wrong
