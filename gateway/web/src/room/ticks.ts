// Moments that the time line marks.
import { signal } from '@preact/signals';

export const ticks = signal<readonly { id: string; date: number }[]>([]);
