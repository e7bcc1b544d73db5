// The home page: what is on air, kept up to date.
import { render } from 'preact';
import { keepFresh, sessions, type Session } from './app/state';
import { t } from './app/i18n';
import { Poster } from './components/Poster';
import { Reach } from './components/Reach';
import { showNow, Strip } from './components/Strip';
import { Badge, Meta } from './components/Summary';

const of = (phase: Session['phase']) => sessions.value.filter((s) => s.phase === phase);

const Hero = ({ session }: { session: Session }) => {
  const live = session.phase === 'live';
  return (
    <article class="hero">
      <a class="hero-picture" href={`/s/${session.id}`} tabIndex={-1} aria-hidden="true"><Poster session={session} /></a>
      <div class="hero-text">
        <Badge session={session} />
        <h2>{session.title}</h2>
        <Meta session={session} />
        <a class="button primary" href={`/s/${session.id}`}>{t(live ? 'home.watch' : 'home.look')}</a>
        {!live && <p class="hint">{t('home.quietHint')}</p>}
      </div>
    </article>
  );
};

const Card = ({ session }: { session: Session }) => (
  <li class="card">
    <a href={`/s/${session.id}`}>
      <Poster session={session} />
      <h3>{session.title}</h3>
      <Meta session={session} />
    </a>
  </li>
);

const Home = () => {
  const live = of('live');
  const first = live[0] ?? of('planned')[0] ?? of('ended')[0];
  if (first === undefined) {
    return (
      <section class="empty">
        <h1>{t('home.empty')}</h1>
        <p>{t('home.emptyHint')}</p>
      </section>
    );
  }
  return (
    <>
      <h1 class={live.length > 0 ? 'unseen' : 'quiet'}>{t(live.length > 0 ? 'home.title' : 'home.quiet')}</h1>
      <Hero session={first} />
      <Strip />
      {live.length > 1 && (
        <section class="also" aria-labelledby="also">
          <h2 id="also">{t('home.alsoLive')}</h2>
          <ul class="cards">{live.slice(1).map((s) => <Card session={s} key={s.id} />)}</ul>
        </section>
      )}
    </>
  );
};

const main = document.getElementById('main')!;
render(<Home />, main);
const toasts = document.body.appendChild(document.createElement('div'));
render(<Reach />, toasts);
showNow();
keepFresh();
