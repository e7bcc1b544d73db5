import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { count, t } from '../app/i18n';
import { left } from './left';
import { serverNow } from './now';

/** The words and the clock of a countdown: [word, clock]. */
export function countdown(until: number): [word: string, clock: string] {
  const { days, clock, due } = left(until, serverNow());
  if (due) return [t('live.startsNow'), ''];
  return [t('live.startsIn'), days > 0 ? count('live.daysAndClock', days).replace('{clock}', clock) : clock];
}

/** Time until a session starts, as it passes. */
export function Countdown({ until }: { until: number }) {
  const shown = useSignal(countdown(until));
  useEffect(() => {
    const show = () => (shown.value = countdown(until));
    show();
    const timer = setInterval(show, 1000);
    return () => clearInterval(timer);
  }, [until]);
  const [word, clock] = shown.value;
  return (
    <p class="countdown" role="timer">
      <span class="countdown-word">{word}</span> <span class="countdown-clock figures">{clock}</span>
    </p>
  );
}
