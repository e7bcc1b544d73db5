import type { Participant } from '../app/state';
import { t } from '../app/i18n';

const Person = ({ person }: { person: Participant }) => (
  <li class={person.on_air ? 'person on-air' : 'person'}>
    <span class="disc" aria-hidden="true">{(Array.from(person.name)[0] ?? '').toUpperCase()}</span>
    <span class="person-name">{person.name}</span>
    <span class="person-role">{t(`role.${person.role}`)}</span>
    <span class="person-state">{t(person.on_air ? 'stage.onAir' : 'stage.offAir')}</span>
  </li>
);

export const OnStage = ({ people }: { people: Participant[] }) => (
  <section class="panel">
    <h2>{t('stage.title')}</h2>
    <ul class="people">{people.map((p) => <Person person={p} />)}</ul>
  </section>
);
