import { signal, type Signal } from '@preact/signals';
import { api, Problem, sentence } from '../app/api';
import { signIn } from './account';

/** A list that the API gives, and what went wrong when it did not. */
export interface Resource<T> {
  list: Signal<T[] | undefined>;
  problem: Signal<string>;
  load: () => Promise<void>;
  /** Does something, then loads again; a refusal becomes the problem. */
  act: (deed: () => Promise<unknown>) => Promise<void>;
}

export function resource<T>(where: string): Resource<T> {
  const list = signal<T[] | undefined>(undefined);
  const problem = signal('');
  const load = async () => {
    try {
      list.value = await api<T[]>('GET', where);
      problem.value = '';
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return signIn();
      problem.value = sentence(error);
    }
  };
  const act = async (deed: () => Promise<unknown>) => {
    try {
      await deed();
      await load();
    } catch (error) {
      problem.value = sentence(error);
    }
  };
  return { list, problem, load, act };
}
