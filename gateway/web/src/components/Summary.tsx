import type { Session } from '../app/state';
import { count, people, t } from '../app/i18n';

export const Badge = ({ session }: { session: Session }) =>
  session.phase === 'live' ? (
    <span class="badge live">{t('badge.live')}</span>
  ) : (
    <span class="badge">{t(`phase.${session.phase}`)}</span>
  );

/** Who is on stage and how many watch: "Ana with Théo · 12 watching". */
export const Meta = ({ session }: { session: Session }) => (
  <p class="meta">
    {people(session.participants.map((p) => p.name))}
    {session.phase === 'live' && (
      <>
        {session.participants.length > 0 && ' · '}
        <span class="figures">{count('watching', session.viewers)}</span>
      </>
    )}
  </p>
);
