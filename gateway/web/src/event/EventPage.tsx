// The event, for those who run it: what it is, who makes it, and when is what.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../app/i18n';
import { Refused } from '../office/form';
import { sessions } from '../office/Sessions';
import { Creators } from './Creators';
import { EventData } from './EventData';
import { Exchange } from './Exchange';
import { load, problem, schedule } from './schedule';
import { Slots } from './Slots';

export function EventPage() {
  useEffect(() => void Promise.all([load(), sessions.load()]), []);
  const imports = useSignal(0);
  const event = schedule.value;
  return (
    <section class="office event-office" aria-labelledby="event">
      <div class="office-head">
        <h2 id="event">{t('event.title')}</h2>
        {event?.name && <a class="button" href="/">{t('event.see')}</a>}
      </div>
      <Refused problem={problem.value} />
      {event && event.name === '' && <p class="muted">{t('event.none')}</p>}
      {event && <EventData event={event} key={imports.value} />}
      {event && <Slots event={event} />}
      {event && <Creators list={event.creators ?? []} />}
      {event && <Exchange onDone={() => imports.value++} />}
    </section>
  );
}
