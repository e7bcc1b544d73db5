import { page } from '../app/state';
import { t } from '../app/i18n';
import type { Slot } from './schedule';

interface Props {
  slots: Slot[];
  shown: string | undefined;
  next: string | undefined;
  zone: string;
}

/** The day's programme as a strip, with what is shown marked. */
export const Today = ({ slots, shown, next, zone }: Props) => {
  const clock = new Intl.DateTimeFormat(page.lang, { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false });
  return (
    <nav class="strip" aria-label={t('home.programme')}>
      <ol>
        {slots.map((s) => (
          <li class={`slot ${s.cancelled ? 'cancelled' : s.phase}`} key={s.session}>
            <a href={`/s/${s.session}`} aria-current={s.session === shown ? 'true' : undefined}>
              <span class="slot-when">{clock.format(Date.parse(s.starts))}{word(s, next)}</span>
              <span class="slot-what">{s.title}</span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
};

function word(s: Slot, next: string | undefined): string {
  if (s.cancelled) return ` · ${t('live.cancelled')}`;
  if (s.phase !== 'planned') return ` · ${t(`phase.${s.phase}`)}`;
  return s.session === next ? ` · ${t('live.nextWord')}` : '';
}
