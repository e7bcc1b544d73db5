import { page, sessions } from '../app/state';
import { t } from '../app/i18n';

/**
 * The programme as a strip of slots: the signature of every page. A slot says
 * "now" or "soon" until sessions have times; then the time stands there.
 */
export const Strip = () => (
  <nav class="strip" aria-label={t('home.programme')}>
    <ol>
      {sessions.value.map((s) => (
        <li class={`slot ${s.phase}`} key={s.id}>
          <a href={`/s/${s.id}`} aria-current={s.id === page.session ? 'page' : undefined}>
            <span class="slot-when">{t(`phase.${s.phase}`)}</span>
            <span class="slot-what">{s.title}</span>
          </a>
        </li>
      ))}
    </ol>
  </nav>
);
