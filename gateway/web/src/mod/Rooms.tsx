// The whole event: every room, those where somebody waits first.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, Problem } from '../app/api';
import { count, t } from '../app/i18n';
import { Poller } from '../app/poll';
import { unreachable } from '../app/state';
import { Refused } from '../office/form';
import type { RoomSummary } from './types';

const POLL_MS = 3_000;

const rooms = signal<RoomSummary[] | undefined>(undefined);
const refused = signal('');

/** Where work waits first, then what is on air, then the order of the programme. */
export const byNeed = (list: RoomSummary[]): RoomSummary[] => {
  const rank = (r: RoomSummary) => (r.held + r.reports > 0 ? 0 : r.phase === 'live' ? 1 : r.phase === 'planned' ? 2 : 3);
  return [...list].sort((a, b) => rank(a) - rank(b) || b.held + b.reports - (a.held + a.reports));
};

const poller = new Poller<{ rooms: RoomSummary[] }>({
  load: async () => {
    try {
      return await api('GET', 'moderation');
    } catch (error) {
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
        refused.value = error.message;
        poller.stop();
      }
      throw error;
    }
  },
  interval: () => POLL_MS,
  arrived: (answer) => {
    unreachable.value = undefined;
    rooms.value = byNeed(answer.rooms);
  },
  waiting: (seconds) => (unreachable.value = seconds),
});

const Card = ({ room: r }: { room: RoomSummary }) => (
  <li class="panel mod-card">
    <div class="mod-card-head">
      <h2><a href={`/mod/${encodeURIComponent(r.session)}`}>{r.title}</a></h2>
      {r.phase === 'live' ? <span class="badge live">{t('badge.live')}</span> : <span class="badge">{t(`phase.${r.phase}`)}</span>}
    </div>
    <p class="mod-meta figures">
      <span class={r.held > 0 ? 'mod-mark due' : 'muted'}>{count('mod.heldCount', r.held)}</span>
      <span class={r.reports > 0 ? 'mod-mark due' : 'muted'}>{count('mod.reportCount', r.reports)}</span>
      {r.live_levers > 0 && <span class="muted">{count('mod.leverCount', r.live_levers)}</span>}
    </p>
  </li>
);

export function Rooms() {
  useEffect(() => {
    poller.start();
    const seen = () => (document.hidden ? poller.stop() : refused.value === '' && poller.start());
    document.addEventListener('visibilitychange', seen);
    return () => (poller.stop(), document.removeEventListener('visibilitychange', seen));
  }, []);
  const list = rooms.value;
  return (
    <div class="mod-rooms">
      <h1>{t('mod.title')}</h1>
      <p class="muted">{t('mod.lead')}</p>
      <Refused problem={refused.value} />
      {list === undefined && refused.value === '' && <p class="muted" role="status">{t('mod.loading')}</p>}
      {list?.length === 0 && <p class="muted">{t('mod.noRooms')}</p>}
      <ul class="mod-cards">{list?.map((r) => <Card key={r.session} room={r} />)}</ul>
      <div class="toasts" role="status">
        {unreachable.value !== undefined && (
          <p class="toast">
            <span class="figures">{t('reach.lost', { s: unreachable.value })}</span>
            <button type="button" class="button" onClick={() => poller.now()}>{t('reach.tryNow')}</button>
          </p>
        )}
      </div>
    </div>
  );
}
