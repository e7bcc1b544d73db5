import { page, sessions } from '../app/state';
import { t } from '../app/i18n';

/**
 * The programme as a strip of slots: the signature of every page. A slot says
 * "now" or "soon" where sessions have no times; where they have, see Today.
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

/** Where the strip is wider than the page, brings this page's slot, or what is on air, to its middle. */
export function showNow(): void {
  const strip = document.querySelector<HTMLElement>('.strip');
  const slot = strip?.querySelector('[aria-current]') ?? strip?.querySelector('.slot.live');
  if (!strip || !slot) return;
  const [outer, inner] = [strip.getBoundingClientRect(), slot.getBoundingClientRect()];
  strip.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}
