// Forms: a label, a hint and an error stand beside each field, and are read with
// it; what the server refuses stands above the button, in its words.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject, TargetedEvent, TargetedInputEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { sentence } from '../app/api';
import { t } from '../app/i18n';
import { strength, LEAST } from './password';

export type Values = Record<string, string>;
export type Errors = Record<string, string | undefined>;

export interface Form {
  errors: Errors;
  problem: string;
  busy: boolean;
  onSubmit: (e: TargetedEvent<HTMLFormElement>) => void;
}

/** check gives what is wrong, by field; the first such field gets the focus. */
export function useForm(check: (v: Values) => Errors, send: (v: Values) => Promise<void>): Form {
  const errors = useSignal<Errors>({});
  const problem = useSignal('');
  const busy = useSignal(false);
  const onSubmit = async (e: TargetedEvent<HTMLFormElement>) => {
    e.preventDefault();
    if (busy.value) return;
    const form = e.currentTarget;
    const values = Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, String(v)]));
    errors.value = check(values);
    problem.value = '';
    const wrong = Object.keys(errors.value).find((name) => errors.value[name]);
    if (wrong !== undefined) return form.querySelector<HTMLElement>(`[name="${wrong}"]`)?.focus();
    busy.value = true;
    try {
      await send(values);
    } catch (error) {
      problem.value = sentence(error);
    } finally {
      busy.value = false;
    }
  };
  return { errors: errors.value, problem: problem.value, busy: busy.value, onSubmit: (e) => void onSubmit(e) };
}

/** The error of a field that may not be empty. */
export const required = (v: Values, ...names: string[]): Errors =>
  Object.fromEntries(names.map((n) => [n, v[n]?.trim() ? undefined : t('office.required')]));

export const tooShort = (password = ''): string | undefined =>
  strength(password) === 'short' ? t('office.passwordShort', { n: LEAST }) : undefined;

interface FieldProps {
  name: string;
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children?: ComponentChildren;
}

interface InputProps extends FieldProps {
  type?: 'text' | 'password' | 'datetime-local';
  defaultValue?: string;
  autocomplete?: string;
  autocapitalize?: 'none';
  maxLength?: number;
  required?: boolean;
  inputRef?: RefObject<HTMLInputElement | null>;
  onInput?: (e: TargetedInputEvent<HTMLInputElement>) => void;
}

const described = (name: string, hint?: string, error?: string) =>
  [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ') || undefined;

const Around = ({ name, label, hint, error, children }: FieldProps) => (
  <div class="field">
    <label for={name}>{label}</label>
    {children}
    {hint && <p class="hint" id={`${name}-hint`}>{hint}</p>}
    {error && <p class="error" id={`${name}-error`}>{error}</p>}
  </div>
);

// The type of an input narrows its attributes, so it cannot be a variable one.
const Input = 'input' as unknown as (props: Record<string, unknown>) => null;

export const Field = ({ name, label, hint, error, children, inputRef, ...input }: InputProps) => (
  <Around name={name} label={label} hint={hint} error={error}>
    <Input class="input" id={name} name={name} ref={inputRef} aria-invalid={error ? 'true' : undefined} aria-describedby={described(name, hint, error)} {...input} />
    {children}
  </Around>
);

interface SelectProps extends FieldProps {
  options: [value: string, label: string][];
  value?: string;
}

export const Select = ({ name, label, hint, error, options, value }: SelectProps) => (
  <Around name={name} label={label} hint={hint} error={error}>
    <select class="input" id={name} name={name} defaultValue={value} aria-describedby={described(name, hint, error)}>
      {options.map(([v, text]) => <option value={v} selected={v === value}>{text}</option>)}
    </select>
  </Around>
);

/** A new password, with how good it is in words. */
export function NewPassword({ name, label, error, hint, optional }: FieldProps & { optional?: boolean }) {
  const typed = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const own = () => field.current?.form?.querySelector<HTMLInputElement>('[autocomplete="username"]')?.value ?? '';
  const how = strength(typed.value, own());
  const left = LEAST - Array.from(typed.value).length;
  return (
    <Field
      name={name} label={label} error={error} hint={hint ?? t('office.passwordHint', { n: LEAST })}
      type="password" autocomplete="new-password" inputRef={field} required={!optional} onInput={(e) => (typed.value = e.currentTarget.value)}
    >
      {typed.value !== '' && (
        <div class="meter" role="status">
          <progress class={how === 'good' || how === 'fair' ? 'good' : ''} max={4} value={{ short: 1, weak: 2, fair: 3, good: 4 }[how]} aria-hidden="true" />
          <span class="hint">{how === 'short' ? t('office.passwordLeft', { n: left }) : t(`office.password${({ weak: 'Weak', fair: 'Fair', good: 'Good' } as const)[how]}`)}</span>
        </div>
      )}
    </Field>
  );
}

export const Check = ({ name, label, hint, checked }: { name: string; label: string; hint?: string; checked?: boolean }) => (
  <label class="choice">
    <input type="checkbox" name={name} defaultChecked={checked ?? false} />
    <span class="label">{label}</span>
    {hint && <span class="hint">{hint}</span>}
  </label>
);

export const Refused = ({ problem }: { problem: string }) => <div role="alert">{problem && <p class="problem">{problem}</p>}</div>;
