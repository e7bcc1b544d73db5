// The page beside an encoder: where to send, how it arrives, who was refused.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { api, path, Problem, sentence } from './app/api';
import { t } from './app/i18n';
import { Poller } from './app/poll';
import { page } from './app/state';
import { KeyList } from './office/KeyList';
import { account, me, showMenu, signIn } from './office/account';
import { Cameras } from './office/Cameras';
import { Cards } from './office/Cards';
import { Refused } from './office/form';
import { resource } from './office/resource';
import { Refusals, Seats } from './office/Seats';
import type { Camera, Encoders, Health, Refusal, StreamKey } from './office/types';

const INTERVAL_MS = 1_500;

const session = page.session ?? '';
const encoders = page.encoders as Encoders | undefined;
const keysAt = path('sessions', session, 'keys');
const keys = resource<StreamKey>(keysAt);
const cameras = resource<Camera>(path('sessions', session, 'cameras'));
/** Those who hold an account see to cameras; a host by invite does not. */
const seesCameras = () => me.value?.kind === 'account';

/** Whose key it is; empty for a guest who is not here yet. */
const who = signal('host');
const newcomer = signal('');
const fresh = signal<{ of: string; key: string } | undefined>(undefined);
const seats = signal<Health[] | undefined>(undefined);
const refusals = signal<Refusal[]>([]);
const lost = signal('');
const unreachable = signal<number | undefined>(undefined);
let connected = ''; // since when who sends

const makeKey = () =>
  keys.act(async () => {
    const of = who.value;
    const seat = of === 'host' ? 'host' : 'guest';
    const name = newcomer.value.trim();
    const made = await api<StreamKey & { key: string }>('POST', keysAt, { seat, ...(of ? { participant: of } : name && { name }) });
    fresh.value = { of: made.participant, key: made.key };
    [who.value, newcomer.value] = [made.participant, ''];
  });

const people = (): [string, string][] => {
  const all = new Map((seats.value ?? []).map((h) => [h.participant, h.name || h.participant]));
  for (const c of cameras.list.value ?? []) all.delete(c.participant); // no encoder sends in a camera's place
  for (const k of keys.list.value ?? []) if (!all.has(k.participant)) all.set(k.participant, k.name || k.participant);
  return [...all];
};

const KeyPanel = () => {
  const own = keys.list.value?.filter((k) => k.participant === who.value) ?? [];
  const choice = people();
  return (
    <section class="panel" aria-labelledby="key">
      <h2 id="key">{t('obs.key')}</h2>
      <div class="field">
        <label for="who">{t('obs.whose')}</label>
        <select class="input" id="who" onChange={(e) => (who.value = e.currentTarget.value)}>
          {[...choice, ['', t('obs.newGuest')] as const].map(([id, name]) => <option key={id} value={id} selected={id === who.value}>{name}</option>)}
        </select>
      </div>
      {who.value === '' && (
        <div class="field">
          <label for="newcomer">{t('obs.newGuestName')}</label>
          <input class="input" id="newcomer" maxLength={40} autocomplete="off" dir="auto" value={newcomer.value} onInput={(e) => (newcomer.value = e.currentTarget.value)} />
        </div>
      )}
      <p class="hint">{t('obs.newKeyHint')}</p>
      <div class="actions"><button type="button" class="button primary" onClick={() => void makeKey()}>{t('obs.newKey')}</button></div>
      <div role="status">{fresh.value?.of === who.value && <p class="done">{t('obs.keyMade')}</p>}</div>
      <Refused problem={keys.problem.value} />
      <KeyList keys={own} revoke={(k) => void keys.act(() => api('DELETE', path('sessions', session, 'keys', k.id)))} />
    </section>
  );
};

const Page = () => {
  const title = page.sessions?.[0]?.title ?? session;
  const secret = fresh.value?.of === who.value ? fresh.value.key : undefined;
  return (
    <>
      <div class="office-head">
        <div>
          <h1>{t('obs.title')}</h1>
          <p class="lead">{title}</p>
        </div>
        <a class="button" href={`/studio/${session}`}>{t('obs.toStudio')}</a>
      </div>
      {unreachable.value !== undefined && <p class="problem" role="status">{t('reach.lost', { s: unreachable.value })}</p>}
      {lost.value ? (
        <Refused problem={lost.value} />
      ) : (
        <div class="obs">
          <div class="obs-main">
            {seats.value && <Seats seats={seats.value} cameras={new Set(cameras.list.value?.map((c) => c.participant))} />}
            {encoders ? <Cards encoders={encoders} session={session} secret={secret} /> : <p class="problem">{t('obs.noEncoders')}</p>}
          </div>
          <div class="obs-side">
            <KeyPanel />
            {seesCameras() && <Cameras session={session} cameras={cameras} />}
            <Refusals refusals={refusals.value} names={new Map(seats.value?.map((h) => [h.participant, h.name || h.participant]))} />
          </div>
        </div>
      )}
    </>
  );
};

const poller = new Poller<[Health[], Refusal[]]>({
  load: async () => {
    try {
      return await Promise.all([api<Health[]>('GET', path('sessions', session, 'ingest')), api<Refusal[]>('GET', path('sessions', session, 'refusals'))]);
    } catch (error) {
      // Only an answer that does not come is worth asking again at once.
      if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) throw error;
      if (error.status === 401) signIn();
      lost.value = sentence(error);
      return [[], []];
    }
  },
  interval: () => INTERVAL_MS,
  arrived: ([health, attempts]) => {
    unreachable.value = undefined;
    seats.value = health;
    const now = health.map((h) => h.since).join();
    if (now !== connected) void keys.load(); // which say when they were used
    connected = now;
    refusals.value = attempts.reverse();
    if (lost.value) return poller.stop();
    if (seesCameras()) void cameras.load();
  },
  waiting: (seconds) => (unreachable.value = seconds),
});

const main = document.getElementById('main')!;
main.replaceChildren();
render(<Page />, main);
showMenu();
account().then(
  () => {
    void keys.load();
    poller.start();
    document.addEventListener('visibilitychange', () => (document.hidden ? poller.stop() : poller.start()));
  },
  (error: unknown) => (lost.value = sentence(error)),
);
