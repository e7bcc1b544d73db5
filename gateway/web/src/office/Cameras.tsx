// The cameras that the server fetches for a session, and how it goes with each.
import { useSignal } from '@preact/signals';
import { api, path } from '../app/api';
import { t, type Key } from '../app/i18n';
import { page } from '../app/state';
import { Ask } from './Dialog';
import { Field, Refused, required, useForm } from './form';
import type { Resource } from './resource';
import type { Camera } from './types';

interface Props {
  session: string;
  cameras: Resource<Camera>;
}

export function Cameras({ session, cameras }: Props) {
  const where = path('sessions', session, 'cameras');
  const leaving = useSignal<Camera | undefined>(undefined);
  const round = useSignal(0); // of the form: a new one is empty
  const added = useSignal('');
  return (
    <section class="panel" aria-labelledby="cameras">
      <h2 id="cameras">{t('camera.title')}</h2>
      <p class="hint">{t('camera.hint')}</p>
      <ul class="rows">{cameras.list.value?.map((c) => <Line key={c.participant} camera={c} remove={() => (leaving.value = c)} />)}</ul>
      <Refused problem={cameras.problem.value} />
      <New key={round.value} add={async (name, address) => {
        const made = await api<Camera>('POST', where, { name, address });
        [added.value, round.value] = [made.name, round.value + 1];
        await cameras.load();
      }} />
      <div role="status">{added.value && <p class="done">{t('camera.added', { name: added.value })}</p>}</div>
      {leaving.value && (
        <Ask title={t('camera.removeTitle', { name: leaving.value.name })} text={t('camera.removeText')} yes={t('camera.remove')}
          onYes={() => { const { participant } = leaving.value!; void cameras.act(() => api('DELETE', path('sessions', session, 'cameras', participant))); }}
          onClose={() => (leaving.value = undefined)} />
      )}
    </section>
  );
}

function New({ add }: { add: (name: string, address: string) => Promise<void> }) {
  const form = useForm((v) => required(v, 'camera-name', 'camera-address'), (v) => add(v['camera-name'] ?? '', (v['camera-address'] ?? '').trim()));
  return (
    <form class="form" onSubmit={form.onSubmit} noValidate>
      <Field name="camera-name" label={t('camera.name')} error={form.errors['camera-name']} maxLength={40} autocomplete="off" required />
      <Field name="camera-address" label={t('camera.address')} hint={t('camera.addressHint', { example: 'rtsp://user:password@camera:554/path' })} error={form.errors['camera-address']} maxLength={1024} autocomplete="off" autocapitalize="none" required />
      <Refused problem={form.problem} />
      <div class="actions"><button class="button" disabled={form.busy}>{t('camera.add')}</button></div>
    </form>
  );
}

/** What is wrong, in the reader's language. */
const trouble = (c: Camera): string => (page.messages[`camera.trouble.${c.trouble}`] === undefined ? (c.reason ?? '') : t(`camera.trouble.${c.trouble}` as Key));

const Line = ({ camera: c, remove }: { camera: Camera; remove: () => void }) => {
  const left = c.retry ? Math.ceil((Date.parse(c.retry) - Date.now()) / 1000) : 0;
  return (
    <li class={`line camera ${c.state === 'connected' ? (c.trouble ? 'fix' : 'good') : c.trouble ? 'fix' : ''}`}>
      <span class="line-name" dir="auto">{c.name}</span>
      <button type="button" class="button small quiet" aria-label={t('camera.removeOf', { name: c.name })} onClick={remove}>{t('camera.remove')}</button>
      <p class="muted figures">{c.address}</p>
      <div role="status">
        <p class="seat-state">{t(`camera.state.${c.state}`)}</p>
        {c.trouble && <p>{trouble(c)}</p>}
      </div>
      {c.state === 'retrying' && <p class="muted figures">{left > 0 ? t('camera.retryIn', { s: left }) : t('camera.retryNow')}</p>}
      {c.trouble && c.reason && <p class="hint" lang="en">{c.reason}{c.hint && `; ${c.hint}`}</p>}
    </li>
  );
};
