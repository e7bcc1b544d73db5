// The person column: who this is, what they said, and what was done about it.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { clockShort, elapsed, t, type Key } from '../app/i18n';
import { page } from '../app/state';
import { secondsLeft } from './board';
import type { Deeds } from './deeds';
import { KeyButton, Name, reasonOf } from './parts';
import type { ModRoom } from './room';
import type { Person } from './types';

const MOST_NOTE = 1000;
const days = new Intl.DateTimeFormat(page.lang, { dateStyle: 'medium', timeStyle: 'short' });
const day = (iso: string): string => days.format(Date.parse(iso));

const actOf = (act: string): string => {
  const key = `mod.act.${act}`;
  return page.messages[key] === undefined ? act : t(key as Key);
};

function Note({ room, person }: { room: ModRoom; person: Person }) {
  const text = useSignal(person.note);
  const saved = useSignal(false);
  useEffect(() => {
    text.value = person.note;
    saved.value = false;
  }, [person.id]);
  const save = async () => void (saved.value = await room.onPerson(person.id, { act: 'note', note: text.value.trim() }));
  return (
    <form class="mod-note" onSubmit={(e) => (e.preventDefault(), void save())}>
      <div class="field">
        <label for="mod-note">{t('mod.note')}</label>
        <textarea id="mod-note" class="input" rows={2} maxLength={MOST_NOTE} value={text.value} onInput={(e) => ((text.value = e.currentTarget.value), (saved.value = false))} />
      </div>
      <div class="actions">
        <button class="button small" disabled={text.value.trim() === person.note}>{t('mod.saveNote')}</button>
        <span role="status" class="hint">{saved.value && t('mod.noteSaved')}</span>
      </div>
    </form>
  );
}

function States({ room, person: p }: { room: ModRoom; person: Person }) {
  const left = secondsLeft(p.timed_out_until, room.now.value);
  return (
    <p class="mod-states" role="status">
      {p.banned && <span class="mod-mark bad">{t('mod.banned')}</span>}
      {left > 0 && <span class="mod-mark warn">{t('mod.timedOut')} <span class="figures" aria-live="off">{elapsed(left)}</span></span>}
      {p.trusted && <span class="mod-mark good">{t('mod.trusted')}</span>}
    </p>
  );
}

export function PersonCard({ room, deeds }: { room: ModRoom; deeds: Deeds }) {
  const p = room.person.value;
  if (!p) {
    return (
      <section class="panel mod-column mod-person" aria-labelledby="mod-person">
        <h2 id="mod-person">{t('mod.person')}</h2>
        <p class="muted mod-none" role="status">{t(room.who.value ? 'mod.loading' : 'mod.noPerson')}</p>
      </section>
    );
  }
  const say = (act: 'unban' | 'trust' | 'untrust') => void room.onPerson(p.id, { act });
  return (
    <section class="panel mod-column mod-person" aria-labelledby="mod-person">
      <h2 id="mod-person" class="unseen">{t('mod.person')}</h2>
      <div class="mod-list" tabIndex={0} role="group" aria-labelledby="mod-person">
        <h3 class="mod-person-name"><Name id={p.id} name={p.name} /></h3>
        <p class="hint figures">{t('mod.firstSeen', { when: day(p.first_seen) })}</p>
        <States room={room} person={p} />
        <div class="mod-acts">
          <KeyButton k="T" says={t('mod.timeout')} act={() => deeds.about('timeout', p.id, p.name)} />
          {p.banned ? <KeyButton says={t('mod.unban')} act={() => say('unban')} /> : <KeyButton k="B" says={t('mod.ban')} kind="danger" act={() => deeds.about('ban', p.id, p.name)} />}
          <KeyButton says={t(p.trusted ? 'mod.untrust' : 'mod.trust')} act={() => say(p.trusted ? 'untrust' : 'trust')} />
        </div>
        <Note key={p.id} room={room} person={p} />
        <h4>{t('mod.history')}</h4>
        {p.acts.length === 0 ? <p class="hint">{t('mod.noHistory')}</p> : (
          <ul class="mod-small">
            {p.acts.map((a, i) => (
              <li key={i}>
                <span class="figures muted">{day(a.at)}</span> {t('mod.actBy', { act: actOf(a.act), name: a.by })}
                {a.reason && <span dir="auto" class="muted"> · {reasonOf(a.reason)}</span>}
              </li>
            ))}
          </ul>
        )}
        <h4>{t('mod.lastMessages')}</h4>
        {p.messages.length === 0 ? <p class="hint">{t('mod.noMessages')}</p> : (
          <ul class="mod-small">
            {p.messages.map((m) => <li key={m.id} class={m.hidden ? 'hidden' : ''}><span class="figures muted">{clockShort(Date.parse(m.at))}</span> <span dir="auto">{m.text}</span></li>)}
          </ul>
        )}
      </div>
    </section>
  );
}

