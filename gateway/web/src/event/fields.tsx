// What the event's forms have beside the fields of the office.
import type { Signal } from '@preact/signals';
import { t } from '../app/i18n';
import { MOST_PICTURE } from './schedule';

interface AreaProps {
  name: string;
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  maxLength?: number;
}

/** A text of some lines. */
export const Area = ({ name, label, hint, error, value, maxLength }: AreaProps) => (
  <div class="field">
    <label for={name}>{label}</label>
    <textarea class="input" id={name} name={name} rows={5} defaultValue={value} maxLength={maxLength} aria-invalid={error ? 'true' : undefined} aria-describedby={error ? `${name}-error` : hint ? `${name}-hint` : undefined} />
    {hint && <p class="hint" id={`${name}-hint`}>{hint}</p>}
    {error && <p class="error" id={`${name}-error`}>{error}</p>}
  </div>
);

/** A picture to send: a file, or the wish to take the one there is away. */
export interface Choice {
  file?: File | undefined;
  remove?: boolean;
}

interface PictureProps {
  label: string;
  now: string | undefined;
  choice: Signal<Choice>;
  error?: string | undefined;
}

export const Picture = ({ label, now, choice, error }: PictureProps) => (
  <div class="field">
    <label for="picture">{label}</label>
    <div class="picture-row">
      {now && !choice.value.remove && <img class="thumb" src={now} alt="" />}
      <input class="input" type="file" id="picture" accept="image/png,image/jpeg" aria-describedby={error ? 'picture-error' : 'picture-hint'} onChange={(e) => (choice.value = { file: e.currentTarget.files?.[0] })} />
    </div>
    <p class="hint" id="picture-hint">{t('event.pictureHint')}</p>
    {now && (
      <label class="choice"><input type="checkbox" checked={choice.value.remove ?? false} onChange={(e) => (choice.value = { ...choice.value, remove: e.currentTarget.checked })} /><span class="label">{t('event.pictureRemove')}</span></label>
    )}
    {error && <p class="error" id="picture-error">{error}</p>}
  </div>
);

export const pictureError = ({ file }: Choice): string | undefined => (file && file.size > MOST_PICTURE ? t('event.pictureBig') : undefined);
