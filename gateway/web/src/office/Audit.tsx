import { useEffect } from 'preact/hooks';
import { t, type Key } from '../app/i18n';
import { page } from '../app/state';
import { Refused } from './form';
import { resource } from './resource';
import type { AuditEntry } from './types';
import { when } from './when';

const audit = resource<AuditEntry>('audit');

/** An act in words; one that this page does not know yet stands as the server wrote it. */
const act = (a: string): string => (page.messages[`audit.${a}`] === undefined ? a : t(`audit.${a}` as Key));

export function Audit() {
  useEffect(() => void audit.load(), []);
  return (
    <section class="office">
      <h2 id="audit">{t('audit.title')}</h2>
      <Refused problem={audit.problem.value} />
      {audit.list.value?.length === 0 && <p class="muted">{t('audit.empty')}</p>}
      <div class="table-box panel" role="region" aria-labelledby="audit" tabIndex={0}>
        <table class="table">
          <thead>
            <tr><th scope="col">{t('audit.when')}</th><th scope="col">{t('audit.who')}</th><th scope="col">{t('audit.what')}</th><th scope="col">{t('audit.which')}</th></tr>
          </thead>
          <tbody>
            {audit.list.value?.map((e) => (
              <tr><td class="figures">{when(e.at)}</td><td>{e.by}</td><td>{act(e.act)}</td><td>{[e.session, e.of].filter(Boolean).join(' · ')}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
