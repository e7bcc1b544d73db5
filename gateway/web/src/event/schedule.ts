// The event as its planners see it: what the API gives, loaded anew after each change.
import { computed, signal } from '@preact/signals';
import { api, sentence } from '../app/api';
import type { Phase } from '../app/state';
import type { Link } from './links';

export interface Creator {
  id: string;
  name: string;
  bio: string;
  links: Link[] | null;
  picture?: string;
}

export interface Slot {
  session: string;
  title: string;
  description: string;
  category: string;
  creators: string[] | null;
  starts: string;
  ends: string;
  poster?: string;
  cancelled: boolean;
  phase: Phase;
}

export interface Schedule {
  name: string;
  description: string;
  time_zone: string;
  days: { date: string; title: string }[] | null;
  creators: Creator[] | null;
  slots: Slot[] | null;
}

export const schedule = signal<Schedule | undefined>(undefined);
export const problem = signal('');
export const zone = computed(() => schedule.value?.time_zone || 'UTC');

/** As large a picture as the server takes. */
export const MOST_PICTURE = 1 << 20;

export async function load(): Promise<void> {
  try {
    // Caches may keep an answer for two seconds, which is too long after a change.
    schedule.value = await api<Schedule>('GET', `event?at=${Date.now()}`);
    problem.value = '';
  } catch (error) {
    problem.value = sentence(error);
  }
}

/** Does something, then loads again; a refusal becomes the problem. */
export async function act(deed: () => Promise<unknown>): Promise<void> {
  try {
    await deed();
    await load();
  } catch (error) {
    problem.value = sentence(error);
  }
}
