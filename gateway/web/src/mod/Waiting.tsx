// The held column: what waits for a decision, and what viewers reported.
import { count, elapsed, t } from '../app/i18n';
import { claimOf, type Item } from './board';
import type { Deeds } from './deeds';
import { KeyButton, Name, Reasons } from './parts';
import type { ModRoom } from './room';

interface EntryProps {
  item: Item;
  selected: boolean;
  door: boolean;
  room: ModRoom;
  deeds: Deeds;
}

function Entry({ item, selected, door, room, deeds }: EntryProps) {
  const claim = room.isMine(item.id) ? undefined : claimOf(room.board.value?.claims ?? {}, item.id, room.now.value);
  const waited = Math.max(0, (room.now.value - Date.parse(item.at)) / 1000);
  const id = `held-${item.id}`;
  return (
    <li id={id} class={`mod-row${claim ? ' claimed' : ''}`} tabIndex={door ? 0 : -1} aria-current={selected ? 'true' : undefined} onClick={() => room.select('held', item.id)}>
      <p class="mod-row-head">
        <Name id={item.author} name={item.name} />
        {item.held?.kind === 'question' && <span class="mod-mark">{t('mod.question')}</span>}
        <span class="figures muted">{t('mod.waited', { time: elapsed(waited) })}</span>
      </p>
      <p class="mod-text" dir="auto">{item.text}</p>
      <Reasons of={item.held?.why ?? item.report?.reasons} />
      {item.report && <p class="mod-state">{count('mod.reported', item.report.count)}</p>}
      {claim ? (
        <p class="mod-claim">
          <span>{t('mod.isOnIt', { name: claim.name })}</span>
          <KeyButton says={t('mod.takeOver')} kind="quiet" act={() => (room.select('held', item.id), room.takeOver(item.id))} />
        </p>
      ) : (
        <div class="mod-acts">
          <KeyButton {...(selected && { k: 'A' })} says={t(item.report ? 'mod.keep' : 'mod.approve')} label={t(item.report ? 'mod.keepOf' : 'mod.approveOf', { name: item.name })} act={() => deeds.decide(item, 'approve')} />
          <KeyButton {...(selected && { k: 'D' })} says={t(item.report ? 'mod.hide' : 'mod.deny')} label={t(item.report ? 'mod.hideOf' : 'mod.denyOf', { name: item.name })} act={() => deeds.decide(item, 'deny')} />
          {selected && <KeyButton k="T" says={t('mod.timeout')} act={() => deeds.timeout(item)} />}
          {selected && <KeyButton k="B" says={t('mod.ban')} kind="danger" act={() => deeds.ban(item)} />}
          {selected && <span class="narrow-only"><KeyButton says={t('mod.person')} act={() => deeds.person(item.author)} /></span>}
        </div>
      )}
    </li>
  );
}

export function Waiting({ room, deeds }: { room: ModRoom; deeds: Deeds }) {
  const items = room.waiting.value;
  const selected = room.selected.value.held;
  const door = items.some((i) => i.id === selected) ? selected : items[0]?.id;
  const entry = (item: Item) => <Entry key={item.id} item={item} selected={item.id === selected && room.column.value === 'held'} door={item.id === door} room={room} deeds={deeds} />;
  const held = items.filter((i) => i.held);
  const reports = items.filter((i) => i.report);
  return (
    <section class="panel mod-column mod-held" aria-labelledby="mod-held">
      <div class="mod-column-head">
        <h2 id="mod-held">{t('mod.held')}</h2>
        <p class="muted" role="status">{items.length > 0 && count('mod.wait', items.length)}</p>
      </div>
      {items.length === 0 && <p class="muted mod-none">{t('mod.nothingWaits')}</p>}
      <div class="mod-list">
        <ol aria-labelledby="mod-held">{held.map(entry)}</ol>
        {reports.length > 0 && <h3>{t('mod.reports')}</h3>}
        <ol aria-label={t('mod.reports')}>{reports.map(entry)}</ol>
      </div>
    </section>
  );
}
