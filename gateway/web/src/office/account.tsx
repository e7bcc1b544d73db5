// Who is signed in, and the menu that says so.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { api } from '../app/api';
import { t } from '../app/i18n';
import type { Me } from './types';

export const me = signal<Me | undefined>(undefined);

export const may = (permission: string): boolean => me.value?.may.includes(permission) ?? false;

/** Leads to the sign-in page, and from there back here. */
export function signIn(): void {
  location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
}

/** Who asks; without an account the page leads to signing in, and the promise never ends. */
export async function account(anyone = false): Promise<Me> {
  me.value = await api<Me>('GET', 'me');
  if (me.value.kind === '' && !anyone) {
    signIn();
    return new Promise<Me>(() => {});
  }
  return me.value;
}

async function signOut(): Promise<void> {
  await api('POST', 'signout', {}).catch(() => {}); // the cookie is gone or the server is
  location.assign('/');
}

const Menu = () =>
  me.value && me.value.kind !== '' ? (
    <details class="account">
      <summary class="pill">{me.value.name}</summary>
      <div class="account-menu">
        <a href="/admin">{t('office.admin')}</a>
        {may('moderate') && <a href="/mod">{t('office.moderation')}</a>}
        {me.value.kind === 'account' && <a href="/admin#account">{t('office.account')}</a>}
        <button type="button" onClick={() => void signOut()}>{t('office.signOut')}</button>
      </div>
    </details>
  ) : null;

/** Puts the account menu into the page's header. */
export function showMenu(): void {
  const nav = document.querySelector('.top-links');
  if (!nav) return;
  const place = nav.insertBefore(document.createElement('div'), nav.firstChild);
  render(<Menu />, place);
  const close = () => nav.querySelector<HTMLDetailsElement>('.account[open]')?.removeAttribute('open');
  document.addEventListener('click', (e) => !nav.contains(e.target as Node) && close());
  document.addEventListener('keydown', (e) => e.key === 'Escape' && close());
}
