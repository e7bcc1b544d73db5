// The moderators' pages: every room of the event, and the console of one.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { sentence } from './app/api';
import { t } from './app/i18n';
import { keepFresh, page } from './app/state';
import { Console } from './mod/Console';
import { Rooms } from './mod/Rooms';
import { account, showMenu } from './office/account';
import { Refused } from './office/form';

const ready = signal(false);
const lost = signal('');

const Page = () => {
  if (lost.value) return <Refused problem={lost.value} />;
  if (!ready.value) return <p class="muted" role="status">{t('mod.loading')}</p>;
  return page.session === undefined ? <Rooms /> : <Console id={page.session} />;
};

const main = document.getElementById('main')!;
main.replaceChildren(); // what stood in for the page
render(<Page />, main);
showMenu();
account().then(
  () => {
    ready.value = true;
    if (page.session !== undefined) keepFresh();
  },
  (error: unknown) => (lost.value = sentence(error)),
);
