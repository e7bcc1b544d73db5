// One card a way of sending, in OBS's own words and order.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { path, problemOf, sentence } from '../app/api';
import { t } from '../app/i18n';
import { CopyLine } from './CopyLine';
import { Refused } from './form';
import { addresses, oneLiners } from './format';
import type { Encoders } from './types';

interface Props {
  encoders: Encoders;
  session: string;
  /** The key, as long as this page knows it: from when it is made. */
  secret: string | undefined;
}

const Card = ({ title, hint, children }: { title: string; hint: string; children: ComponentChildren }) => (
  <section class="panel way">
    <h3>{title}</h3>
    <p class="hint">{hint}</p>
    {children}
  </section>
);

const Secret = ({ label, secret }: { label: string; secret: string | undefined }) =>
  secret !== undefined ? (
    <CopyLine label={label} value={secret} secret />
  ) : (
    <div class="field"><span class="label">{label}</span><p class="hint">{t('obs.keyHidden')}</p></div>
  );

function Profile({ session, protocol, secret }: { session: string; protocol: 'rtmp' | 'whip'; secret: string | undefined }) {
  const problem = useSignal('');
  const download = async () => {
    problem.value = '';
    try {
      const where = `/api/v1/${path('sessions', session)}/obs-profile.zip?protocol=${protocol}`;
      const answer = await fetch(where, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ key: secret ?? '' }) });
      if (!answer.ok) throw await problemOf(answer);
      const url = URL.createObjectURL(await answer.blob());
      Object.assign(document.createElement('a'), { href: url, download: `regie-${session}-${protocol}.zip` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      problem.value = sentence(error);
    }
  };
  return (
    <div class="profile">
      <button type="button" class="button" onClick={() => void download()}>{t('obs.profile')}</button>
      <p class="hint">{t(secret !== undefined ? 'obs.profileHint' : 'obs.profileNoKey')}</p>
      <Refused problem={problem.value} />
    </div>
  );
}

export const Cards = ({ encoders, session, secret }: Props) => {
  const to = addresses(encoders);
  const lines = oneLiners(to, encoders, secret ?? t('obs.yourKey'));
  const secure = location.protocol === 'https:';
  return (
    <div class="ways">
      {to.rtmp && (
        <Card title="OBS · RTMP" hint={t('obs.rtmpHint')}>
          <CopyLine label={t('obs.server')} value={to.rtmp} />
          <Secret label={t('obs.streamKey')} secret={secret} />
          {secret !== undefined && <CopyLine label={t('obs.oneField')} value={`${to.rtmp}/${secret}`} secret />}
          <Profile session={session} protocol="rtmp" secret={secret} />
          {to.rtmps && (encoders.self_signed ? <p class="hint">{t('obs.rtmpsSelf')}</p> : <CopyLine label={t('obs.serverSecure')} value={to.rtmps} />)}
        </Card>
      )}
      {to.whip && (
        <Card title="OBS · WHIP" hint={t(secure && encoders.self_signed ? 'obs.whipSelf' : 'obs.whipHint')}>
          <CopyLine label={t('obs.server')} value={to.whip} />
          <Secret label={t('obs.bearer')} secret={secret} />
          <Profile session={session} protocol="whip" secret={secret} />
        </Card>
      )}
      {(to.rtsp || lines.length > 0) && (
        <details class="panel way others">
          <summary><h3>{t('obs.others')}</h3></summary>
          <p class="hint">{t('obs.othersHint')}</p>
          {to.rtsp && <CopyLine label="RTSP" value={`${to.rtsp}/${secret ?? t('obs.yourKey')}`} secret={secret !== undefined} />}
          {lines.map(([name, line]) => <CopyLine label={name} value={line} secret={secret !== undefined} />)}
        </details>
      )}
    </div>
  );
};
