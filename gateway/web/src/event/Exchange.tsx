// The whole event in a file: taken from one, or written to one. What a file would
// change is told in sentences before anything is changed.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { api, sentence } from '../app/api';
import { count, t } from '../app/i18n';
import { Refused } from '../office/form';
import { ImportList, type Imported } from '../office/ImportList';
import { sessions } from '../office/Sessions';
import { load } from './schedule';

const typeOf = (name: string): string => (/\.csv$/i.test(name) ? 'text/csv' : 'application/yaml');

export function Exchange({ onDone }: { onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const would = useSignal<Imported | undefined>(undefined);
  const done = useSignal<number | undefined>(undefined);
  const problem = useSignal('');
  const busy = useSignal(false);
  const send = async (dry: boolean) => {
    const file = field.current?.files?.[0];
    if (!file) return void (problem.value = t('event.fileFirst'));
    [would.value, done.value, problem.value, busy.value] = [undefined, undefined, '', true];
    try {
      const answer = await api<Imported>('POST', `event/import?dry_run=${dry}`, new Blob([file], { type: typeOf(file.name) }));
      if (dry) would.value = answer;
      else {
        done.value = (answer.changes ?? []).length;
        await Promise.all([load(), sessions.load()]);
        onDone();
      }
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  };
  const changes = would.value?.changes ?? [];
  const warnings = would.value?.warnings ?? [];
  return (
    <section class="office" aria-labelledby="event-file">
      <h3 id="event-file">{t('event.file')}</h3>
      <form class="form panel" noValidate onSubmit={(e) => (e.preventDefault(), void send(true))}>
        <div class="field">
          <label for="event-import">{t('event.import')}</label>
          <input ref={field} class="input" id="event-import" type="file" accept=".yaml,.yml,.csv,application/yaml,text/csv" aria-describedby="event-import-hint" onChange={() => ([would.value, done.value, problem.value] = [undefined, undefined, ''])} />
          <p class="hint" id="event-import-hint">{t('event.importHint')}</p>
        </div>
        <Refused problem={problem.value} />
        <div role="status">
          {done.value !== undefined && <p class="done">{count('event.imported', done.value)}</p>}
          {would.value && (changes.length > 0 ? <ImportList head="h4" title={t('event.importWould')} of={changes} /> : <p class="muted">{t('event.importNone')}</p>)}
          {warnings.length > 0 && <ImportList head="h4" title={t('event.importWarnings')} of={warnings} />}
        </div>
        <div class="actions">
          {changes.length > 0
            ? <button type="button" class="button primary" disabled={busy.value} onClick={() => void send(false)}>{t('event.importDo')}</button>
            : <button class="button primary" disabled={busy.value}>{t('event.importTry')}</button>}
          <a class="button" href="/api/v1/event/export?format=yaml" download="event.yaml">{t('event.exportYAML')}</a>
          <a class="button" href="/api/v1/event/export?format=csv" download="event.csv">{t('event.exportCSV')}</a>
        </div>
      </form>
    </section>
  );
}
