// A page of the office that is loaded when somebody opens it, to keep the first small.
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { sentence } from '../app/api';
import { t } from '../app/i18n';
import { Refused } from './form';

export function later(load: () => Promise<FunctionComponent>): FunctionComponent {
  const page = signal<{ Is?: FunctionComponent; problem?: string }>({});
  return () => {
    useEffect(() => {
      if (!page.value.Is) load().then((Is) => (page.value = { Is }), (error: unknown) => (page.value = { problem: sentence(error) }));
    }, []);
    const { Is, problem } = page.value;
    return Is ? <Is /> : problem ? <Refused problem={problem} /> : <p class="muted" role="status">{t('office.loading')}</p>;
  };
}
