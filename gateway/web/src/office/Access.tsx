// Who gets onto a session's stage: links for people, keys for encoders. A secret
// is shown once, when it is made.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { api, path } from '../app/api';
import { t, type Key } from '../app/i18n';
import { hurdle } from '../app/reach';
import { CopyLine } from './CopyLine';
import { Ask } from './Dialog';
import { KeyList } from './KeyList';
import { Field, Refused, Select, useForm } from './form';
import { resource } from './resource';
import type { Invite, StreamKey } from './types';
import { when } from './when';

const seats = (): [string, string][] => [['guest', t('role.guest')], ['host', t('role.host')]];

function NewAccess<T>({ where, button, made }: { where: string; button: Key; made: (answer: T) => void }) {
  const form = useForm(
    () => ({}),
    async (v) => made(await api<T>('POST', where, { seat: v['seat'], ...(v['who']?.trim() && { name: v['who'].trim() }) })),
  );
  return (
    <form class="inline-form" onSubmit={form.onSubmit}>
      <Select name="seat" label={t('seats.seat')} options={seats()} />
      <Field name="who" label={t('seats.name')} maxLength={40} autocomplete="off" />
      <button class="button" disabled={form.busy}>{t(button)}</button>
      <Refused problem={form.problem} />
    </form>
  );
}

export function Invites({ session }: { session: string }) {
  const where = path('sessions', session, 'invites');
  const invites = useMemo(() => resource<Invite>(where), [where]);
  const fresh = useSignal<(Invite & { url: string }) | undefined>(undefined);
  const ending = useSignal<Invite | undefined>(undefined);
  const elsewhere = hurdle(location);
  useEffect(() => void invites.load(), [invites]);
  const state = (i: Invite): string => {
    if (i.revoked) return t('invites.revoked');
    if (new Date(i.expires).getTime() < Date.now()) return t('invites.expired');
    return t(i.used ? 'invites.used' : 'invites.open', { until: when(i.expires) });
  };
  return (
    <section>
      <h4>{t('invites.title')}</h4>
      <p class="hint">{t('invites.hint')}</p>
      <NewAccess<Invite & { url: string }> where={where} button="invites.new" made={(answer) => ((fresh.value = answer), void invites.load())} />
      {fresh.value && (
        <div class="secret">
          <CopyLine label={t('invites.link', { name: fresh.value.name || t(`role.${fresh.value.seat}`) })} value={location.origin + fresh.value.url} />
          <p class="hint">{t('seats.once')}{elsewhere && ` ${t(elsewhere)}`}</p>
        </div>
      )}
      <Refused problem={invites.problem.value} />
      <ul class="rows">
        {invites.list.value?.map((i) => (
          <li class="line" key={i.id}>
            <span class="line-name">{i.name || t(`role.${i.seat}`)} <span class="muted">{i.participant}</span></span>
            <span class="muted figures">{state(i)}</span>
            {!i.revoked && <button type="button" class="button small quiet" aria-label={t('seats.revokeOf', { name: i.name || i.participant })} onClick={() => (ending.value = i)}>{t('seats.revoke')}</button>}
          </li>
        ))}
      </ul>
      {ending.value && (
        <Ask title={t('invites.revokeTitle')} text={t('invites.revokeText', { name: ending.value.name || ending.value.participant })} yes={t('seats.revoke')}
          onYes={() => { const id = ending.value!.id; void invites.act(() => api('DELETE', path('sessions', session, 'invites', id))); }}
          onClose={() => (ending.value = undefined)} />
      )}
    </section>
  );
}

export function Keys({ session }: { session: string }) {
  const where = path('sessions', session, 'keys');
  const keys = useMemo(() => resource<StreamKey>(where), [where]);
  const fresh = useSignal<(StreamKey & { key: string }) | undefined>(undefined);
  useEffect(() => void keys.load(), [keys]);
  return (
    <section>
      <h4>{t('streamKeys.title')}</h4>
      <p class="hint">{t('streamKeys.hint')}</p>
      <NewAccess<StreamKey & { key: string }> where={where} button="streamKeys.new" made={(answer) => ((fresh.value = answer), void keys.load())} />
      {fresh.value && (
        <div class="secret">
          <CopyLine label={t('streamKeys.of', { name: fresh.value.name || fresh.value.participant })} value={fresh.value.key} secret />
          <p class="hint">{t('seats.once')}</p>
        </div>
      )}
      <Refused problem={keys.problem.value} />
      <KeyList keys={keys.list.value ?? []} revoke={(k) => void keys.act(() => api('DELETE', path('sessions', session, 'keys', k.id)))} />
    </section>
  );
}
