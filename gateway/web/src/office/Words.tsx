// What is held for a moderator: words, ready-made lists, and another service's opinion.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, sentence } from '../app/api';
import { t } from '../app/i18n';
import { Field, Refused, useForm, type Values } from './form';
import { isHTTPS } from './catalogue';

interface Rules {
  words: string[] | null;
  lists: string[] | null;
  review: { url: string; timeout_ms: number; fallback: 'allow' | 'hold' } | null;
}

const LISTS = ['en', 'fr'] as const;
const USUAL_MS = 800;
const [LEAST_MS, MOST_MS] = [50, 2000];

const isWait = (s = ''): boolean => /^\d+$/.test(s) && +s >= LEAST_MS && +s <= MOST_MS;

/** The rules that a form says. */
const rulesOf = (v: Values): Rules => ({
  words: (v['words'] ?? '').split('\n').map((w) => w.trim()).filter(Boolean),
  lists: LISTS.filter((l) => v[`list-${l}`] === 'on'),
  review: v['review'] === 'on' ? { url: v['url']!.trim(), timeout_ms: +v['timeout']!, fallback: v['fallback'] === 'allow' ? 'allow' : 'hold' } : null,
});

const check = (v: Values) =>
  v['review'] !== 'on' ? {} : {
    ...(!isHTTPS(v['url']) && { url: t('words.reviewWrong') }),
    ...(!isWait(v['timeout']) && { timeout: t('words.timeoutWrong') }),
  };

function WordsForm({ rules }: { rules: Rules }) {
  const reviewed = useSignal(rules.review !== null);
  const saved = useSignal(false);
  const form = useForm(check, async (v) => {
    await api('PUT', 'event/words', rulesOf(v));
    saved.value = true;
  });
  const r = rules.review;
  return (
    <form class="form panel" noValidate onSubmit={form.onSubmit} onInput={() => (saved.value = false)}>
      <div class="field">
        <label for="words-own">{t('words.own')}</label>
        <textarea id="words-own" name="words" class="input" rows={8} spellcheck={false} autocomplete="off" aria-describedby="words-hint" defaultValue={(rules.words ?? []).join('\n')} />
        <p class="hint" id="words-hint">{t('words.ownHint')}</p>
      </div>
      <fieldset>
        <legend>{t('words.lists')}</legend>
        <div class="row">
          {LISTS.map((l) => (
            <label class="choice" key={l}>
              <input type="checkbox" name={`list-${l}`} defaultChecked={(rules.lists ?? []).includes(l)} />
              <span class="label">{t(`words.list.${l}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>{t('words.review')}</legend>
        <label class="choice">
          <input type="checkbox" name="review" checked={reviewed.value} onChange={(e) => (reviewed.value = e.currentTarget.checked)} />
          <span class="label">{t('words.reviewOn')}</span>
          <span class="hint">{t('words.reviewHint')}</span>
        </label>
        {reviewed.value && (
          <>
            <Field name="url" label={t('words.reviewUrl')} error={form.errors['url']} defaultValue={r?.url ?? ''} maxLength={1000} autocomplete="off" required />
            <Field name="timeout" label={t('words.timeout')} error={form.errors['timeout']} defaultValue={String(r?.timeout_ms ?? USUAL_MS)} maxLength={4} required />
            <fieldset>
              <legend class="label">{t('words.fallback')}</legend>
              <div class="row">
                {(['hold', 'allow'] as const).map((f) => (
                  <label class="choice" key={f}>
                    <input type="radio" name="fallback" value={f} defaultChecked={(r?.fallback ?? 'hold') === f} />
                    <span class="label">{t(f === 'hold' ? 'words.hold' : 'words.allow')}</span>
                  </label>
                ))}
              </div>
            </fieldset>
          </>
        )}
      </fieldset>
      <Refused problem={form.problem} />
      <div role="status">{saved.value && <p class="done">{t('words.saved')}</p>}</div>
      <div class="actions"><button class="button primary" disabled={form.busy}>{t('office.save')}</button></div>
    </form>
  );
}

export function Words() {
  const rules = useSignal<Rules | undefined>(undefined);
  const problem = useSignal('');
  useEffect(() => {
    api<Rules>('GET', 'event/words').then((r) => (rules.value = r), (error: unknown) => (problem.value = sentence(error)));
  }, []);
  return (
    <section class="office" aria-labelledby="words">
      <h2 id="words">{t('words.title')}</h2>
      <p class="muted">{t('words.lead')}</p>
      <Refused problem={problem.value} />
      {rules.value ? <WordsForm rules={rules.value} /> : problem.value === '' && <p class="muted" role="status">{t('office.loading')}</p>}
    </section>
  );
}
