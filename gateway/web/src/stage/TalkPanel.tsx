import { useEffect, useRef } from 'preact/hooks';
import { connected } from '../app/events';
import { clockShort, t } from '../app/i18n';
import type { Talk } from './talk';

/** A private conversation: what was said, and a field to answer. */
export function TalkPanel({ talk, hint }: { talk: Talk; hint: string }) {
  const log = useRef<HTMLDivElement>(null);
  const lines = talk.lines.value;
  useEffect(() => {
    talk.looking = true;
    return () => void (talk.looking = false);
  }, [talk]);
  useEffect(() => {
    talk.look();
    log.current?.scrollTo(0, log.current.scrollHeight);
  }, [lines.length, talk]);
  return (
    <div class="talk">
      {lines.length === 0 && <p class="hint">{hint}</p>}
      <div class="talk-lines" role="log" ref={log} aria-label={t('talk.log')} tabIndex={lines.length > 0 ? 0 : undefined}>
        {lines.length > 0 && <ol>{lines.map((line) => (
          <li key={line.place} class={talk.isMine(line) ? 'mine' : ''}>
            <span class="talk-from">{talk.isMine(line) ? t('talk.you') : line.from_name} <time class="figures">{clockShort(Date.parse(line.at))}</time></span>
            <span class="talk-text" dir="auto">{line.text}</span>
          </li>
        ))}</ol>}
      </div>
      {!connected.value && <p class="hint" role="status">{t('talk.away')}</p>}
      {talk.problem.value && <p class="error" role="alert">{t('talk.notSent')} {talk.problem.value}</p>}
      <form class="talk-form" onSubmit={(e) => (e.preventDefault(), void talk.send())}>
        <input class="input" aria-label={t('talk.write')} placeholder={t('talk.write')} maxLength={500} autocomplete="off" dir="auto"
          value={talk.draft.value} onInput={(e) => (talk.draft.value = e.currentTarget.value)} />
        <button class="button" disabled={talk.draft.value.trim() === '' || talk.unsent.value !== undefined}>{t('talk.send')}</button>
      </form>
    </div>
  );
}
