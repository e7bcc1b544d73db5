// What lies over the picture: it changes at once, without Take.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../app/i18n';
import type { Desk } from '../stage/desk';
import type { Room } from '../stage/room';
import { LogoField } from './LogoField';

export function OverlayPanel({ room, desk }: { room: Room; desk: Desk }) {
  return (
    <div class="overlay-panel">
      <LowerThird room={room} desk={desk} />
      <LogoField room={room} desk={desk} />
      <SlateWords room={room} desk={desk} />
    </div>
  );
}

function LowerThird({ room, desk }: { room: Room; desk: Desk }) {
  const on = room.intents.of('overlays.lower_third', desk.overlays.lower_third ?? null);
  const title = useField(on?.title);
  const line = useField(on ? (on.line ?? '') : undefined);
  const show = () => void room.overlays({ lower_third: { title: title.value.trim(), line: line.value.trim() } });
  return (
    <form class="form" onSubmit={(e) => (e.preventDefault(), show())}>
      <fieldset>
        <legend>{t('desk.lowerThird')}</legend>
        <div class="quick-names">
          {desk.people.filter((p) => p.place === 'on_air' && !p.of).map((p) => (
            <button type="button" class="button small" key={p.id} onClick={() => ((title.value = p.name), (line.value = ''))}>{p.name}</button>
          ))}
        </div>
        <div class="field">
          <label for="third-title">{t('desk.thirdTitle')}</label>
          <input id="third-title" class="input" dir="auto" maxLength={60} value={title.value} onInput={(e) => (title.value = e.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="third-line">{t('desk.thirdLine')}</label>
          <input id="third-line" class="input" dir="auto" maxLength={100} value={line.value} onInput={(e) => (line.value = e.currentTarget.value)} />
        </div>
        <div class="actions">
          <button class="button primary" disabled={title.value.trim() === ''}>{t(on ? 'desk.thirdChange' : 'desk.thirdShow')}</button>
          {on && <button type="button" class="button" onClick={() => void room.overlays({ lower_third: null })}>{t('desk.thirdHide')}</button>}
        </div>
        <p class="hint" role="status">{on ? t('desk.thirdOn', { title: on.title }) : t('desk.thirdOff')}</p>
      </fieldset>
    </form>
  );
}

/** A field that follows what others at the desk set, unless something else was written here. */
function useField(is: string | undefined): Signal<string> {
  const field = useSignal(is ?? '');
  const known = useRef(field.value);
  useEffect(() => {
    if (is === undefined) return;
    if (field.value.trim() === known.current) field.value = is;
    known.current = is;
  }, [is]);
  return field;
}

const MINUTES = [1, 3, 5, 10];

function SlateWords({ room, desk }: { room: Room; desk: Desk }) {
  const line = useField(desk.overlays.slate_line ?? '');
  const until = desk.overlays.until ? Date.parse(desk.overlays.until) : 0;
  const runs = until > room.now.value;
  const set = (minutes: number) => void room.overlays({ until: new Date(Date.now() + minutes * 60_000).toISOString() });
  return (
    <form class="form" onSubmit={(e) => (e.preventDefault(), void room.overlays({ slate_line: line.value.trim() }))}>
      <fieldset>
        <legend>{t('desk.slates')}</legend>
        <div class="field">
          <label for="slate-line">{t('desk.slateLine')}</label>
          <div class="copy-line">
            <input id="slate-line" class="input" dir="auto" maxLength={100} value={line.value} aria-describedby="slate-hint" onInput={(e) => (line.value = e.currentTarget.value)} />
            <button class="button">{t('desk.set')}</button>
          </div>
          <p class="hint" id="slate-hint">{t('desk.slateHint')}</p>
        </div>
        <div class="field" role="group" aria-labelledby="countdown-label">
          <span class="label" id="countdown-label">{t('desk.countdown')}</span>
          <div class="actions">
            {MINUTES.map((m) => <button type="button" class="button small figures" key={m} onClick={() => set(m)}>{t('desk.minutes', { n: m })}</button>)}
          </div>
          <p class="hint" role="status">{runs ? t('desk.countdownRuns', { time: new Date(until).toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' }) }) : t('desk.countdownHint')}</p>
        </div>
      </fieldset>
    </form>
  );
}
