// Where those who run the event keep its sessions, people, keys and invites.
import { signal } from '@preact/signals';
import { type FunctionComponent, render } from 'preact';
import { sentence } from './app/api';
import { t, type Key } from './app/i18n';
import { account, may, showMenu } from './office/account';
import { Audit } from './office/Audit';
import { later } from './office/Later';
import { Refused } from './office/form';
import { People } from './office/People';
import { sessions, Sessions } from './office/Sessions';

type Tab = 'event' | 'sessions' | 'products' | 'words' | 'webhooks' | 'users' | 'audit' | 'account';
const tabs: { id: Tab; says: Key; shown: () => boolean }[] = [
  { id: 'sessions', says: 'admin.sessions', shown: () => true },
  { id: 'event', says: 'event.title', shown: () => may('users') },
  { id: 'products', says: 'products.title', shown: () => may('desk') },
  { id: 'words', says: 'words.title', shown: () => may('users') },
  { id: 'webhooks', says: 'webhooks.title', shown: () => may('users') },
  { id: 'users', says: 'users.title', shown: () => may('users') },
  { id: 'audit', says: 'audit.title', shown: () => may('users') },
  { id: 'account', says: 'office.account', shown: () => true },
];

const chosen = (): Tab => tabs.find((x) => `#${x.id}` === location.hash && x.shown())?.id ?? 'sessions';
const tab = signal<Tab>('sessions');
const lost = signal('');
const ready = signal(false);

const pages: Record<Tab, FunctionComponent> = {
  sessions: Sessions, users: People, audit: Audit,
  account: later(() => import('./office/WaysIn').then((m) => m.Account)),
  event: later(() => import('./event/EventPage').then((m) => m.EventPage)),
  products: later(() => import('./office/Products').then((m) => m.Products)),
  words: later(() => import('./office/Words').then((m) => m.Words)),
  webhooks: later(() => import('./office/Webhooks').then((m) => m.Webhooks)),
};

const Admin = () => {
  const Page = pages[tab.value];
  return (
    <>
      <h1 class="unseen">{t('admin.title')}</h1>
      <nav class="tabs" aria-label={t('admin.title')}>
        {tabs.filter((x) => x.shown()).map((x) => <a href={`#${x.id}`} aria-current={x.id === tab.value ? 'page' : undefined}>{t(x.says)}</a>)}
      </nav>
      <Page />
    </>
  );
};

const Shell = () => (lost.value ? <Refused problem={lost.value} /> : ready.value ? <Admin /> : <p class="muted" role="status">{t('office.loading')}</p>);

const main = document.getElementById('main')!;
main.replaceChildren();
render(<Shell />, main);
showMenu();
addEventListener('hashchange', () => (tab.value = chosen()));
account().then(
  () => {
    tab.value = chosen();
    ready.value = true;
    void sessions.load();
  },
  (error: unknown) => (lost.value = sentence(error)),
);
