// How what each seat sends arrives, and who was refused.
import { t, type Key } from '../app/i18n';
import { page } from '../app/state';
import { adviceOf, figures } from './format';
import type { Health, Refusal } from './types';
import { at } from './when';

const Line = ({ health: h, camera }: { health: Health; camera: boolean }) => {
  const advice = h.advice && adviceOf(h.advice);
  return (
    <li class={`seat ${h.state}`}>
      <div class="seat-head">
        <h3>{h.name || h.participant}</h3>
        <span class="seat-state" role="status">{t(`health.${h.state}`)}</span>
        {h.protocol && <span class="muted">{t(`protocol.${h.protocol}` as Key)}</span>}
      </div>
      {advice && <p class={h.advice?.level === 'fix' ? 'advice' : 'advice mild'}>{advice}</p>}
      {h.state === 'waiting' ? (
        <p class="hint">{t(camera ? 'health.cameraHint' : 'health.waitingHint')}</p>
      ) : (
        <dl class="figures">{figures(h).map(([name, value]) => <div><dt>{t(name)}</dt><dd>{value}</dd></div>)}</dl>
      )}
    </li>
  );
};

export const Seats = ({ seats, cameras }: { seats: Health[]; cameras: Set<string> }) => (
  <section class="panel" aria-labelledby="seats">
    <h2 id="seats">{t('health.title')}</h2>
    <ul class="seats">{seats.map((h) => <Line health={h} camera={cameras.has(h.participant)} key={h.participant} />)}</ul>
  </section>
);

/** Why, in the reader's language; what the server said stands behind it. */
const why = (r: Refusal): string => (page.messages[`refusal.${r.outcome}`] === undefined ? r.reason : t(`refusal.${r.outcome}` as Key));

export const Refusals = ({ refusals, names }: { refusals: Refusal[]; names: Map<string, string> }) => (
  <section class="panel" aria-labelledby="refusals">
    <h2 id="refusals">{t('obs.refusals')}</h2>
    <p class="hint">{t('obs.refusalsHint')}</p>
    {refusals.length === 0 ? (
      <p class="muted">{t('obs.noRefusals')}</p>
    ) : (
      <ol class="refusals" tabIndex={0} aria-labelledby="refusals" aria-live="polite">
        {refusals.map((r) => (
          <li>
            <p class="muted figures">
              {at(r.time)} · {t(`protocol.${r.protocol}` as Key)} · {r.remote}
              {r.participant && ` · ${names.get(r.participant) ?? r.participant}`}
              {r.times > 1 && ` · ${t('obs.times', { n: r.times })}`}
            </p>
            <p>{why(r)}</p>
            <p class="hint" lang="en">{r.reason}; {r.hint}</p>
          </li>
        ))}
      </ol>
    )}
  </section>
);
