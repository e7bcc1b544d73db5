// A list of products from a spreadsheet: first it says what it would do, then it does it.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { api, sentence } from '../app/api';
import { count, t } from '../app/i18n';
import { Dialog } from './Dialog';
import { Refused } from './form';
import { ImportList, type Imported } from './ImportList';

interface Props {
  session: string;
  owners: [string, string][];
  onDone: () => void;
  onClose: () => void;
}

export function ImportProducts({ session, owners, onDone, onClose }: Props) {
  const whose = useSignal(session);
  const field = useRef<HTMLInputElement>(null);
  const would = useSignal<Imported | undefined>(undefined);
  const done = useSignal<number | undefined>(undefined);
  const problem = useSignal('');
  const busy = useSignal(false);
  const forget = () => {
    would.value = undefined;
    done.value = undefined;
    problem.value = '';
  };
  const send = async (dry: boolean) => {
    const file = field.current?.files?.[0];
    if (!file) return void (problem.value = t('office.required'));
    forget();
    busy.value = true;
    const query = `dry_run=${dry}${whose.value ? `&session=${encodeURIComponent(whose.value)}` : ''}`;
    try {
      // What a system calls the type of a CSV file differs; the server wants one name.
      const answer = await api<Imported>('POST', `products/import?${query}`, new Blob([file], { type: 'text/csv' }));
      if (dry) would.value = answer;
      else {
        done.value = (answer.changes ?? []).length;
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
    <Dialog title={t('products.import')} onClose={onClose}>
      <form class="form" noValidate onSubmit={(e) => (e.preventDefault(), void send(true))}>
        <div class="field">
          <label for="import-of">{t('products.session')}</label>
          <select id="import-of" class="input" value={whose.value} onChange={(e) => ((whose.value = e.currentTarget.value), forget())}>
            {owners.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
          </select>
        </div>
        <div class="field">
          <label for="import-file">{t('products.importFile')}</label>
          <input ref={field} id="import-file" class="input" type="file" accept=".csv,text/csv" aria-describedby="import-hint" onChange={forget} />
          <p class="hint" id="import-hint">{t('products.importHint')}</p>
        </div>
        <Refused problem={problem.value} />
        <div role="status">
          {done.value !== undefined && <p class="done">{count('products.imported', done.value)}</p>}
          {would.value && (changes.length > 0 ? <ImportList title={t('products.importWould')} of={changes} /> : <p class="muted">{t('products.importNone')}</p>)}
          {warnings.length > 0 && <ImportList title={t('products.importWarnings')} of={warnings} />}
        </div>
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t(done.value === undefined ? 'office.cancel' : 'products.close')}</button>
          {changes.length > 0
            ? <button type="button" class="button primary" disabled={busy.value} onClick={() => void send(false)}>{t('products.importDo')}</button>
            : done.value === undefined && <button class="button primary" disabled={busy.value}>{t('products.importTry')}</button>}
        </div>
      </form>
    </Dialog>
  );
}
