// The live column: what is said, as it is said.
import { useSignal } from '@preact/signals';
import { Component } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { clock, count, t } from '../app/i18n';
import { fromMessage } from './board';
import type { Deeds } from './deeds';
import { KeyButton, Name, Reasons } from './parts';
import type { ModRoom } from './room';
import type { Message } from './types';

/** Nearer than this to its foot, the list follows what is new. */
const NEAR_PX = 48;

interface RowProps {
  m: Message;
  selected: boolean;
  /** Tab leads to this row. */
  door: boolean;
  room: ModRoom;
  deeds: Deeds;
}

/** A line, drawn again only when it is different: a busy room has hundreds. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps) {
    return next.m !== this.props.m || next.selected !== this.props.selected || next.door !== this.props.door;
  }

  override render({ m, selected, door, room, deeds }: RowProps) {
    const item = fromMessage(m);
    return (
      <li id={`live-${m.id}`} class={`mod-row${m.hidden ? ' hidden' : ''}`} tabIndex={door ? 0 : -1} aria-current={selected ? 'true' : undefined} onClick={() => room.select('live', m.id)}>
        <p class="mod-row-head">
          <Name id={m.author} name={m.name} badge={m.badge} />
          <time class="figures" dateTime={m.at}>{clock(Date.parse(m.at))}</time>
        </p>
        <p class="mod-text" dir="auto">{m.text}</p>
        <Reasons of={m.flags} />
        {m.hidden && <p class="mod-state">{m.hidden_by ? t('mod.hiddenBy', { name: m.hidden_by }) : t('mod.hidden')}</p>}
        {selected ? (
          <div class="mod-acts">
            {m.hidden
              ? <KeyButton says={t('mod.restore')} act={() => room.restore(item)} />
              : <KeyButton k="H" says={t('mod.hide')} act={() => deeds.hide(item)} />}
            <KeyButton k="T" says={t('mod.timeout')} act={() => deeds.timeout(item)} />
            <KeyButton k="B" says={t('mod.ban')} kind="danger" act={() => deeds.ban(item)} />
            <KeyButton says={t('mod.delete')} kind="danger" act={() => deeds.delete(item)} />
            <span class="narrow-only"><KeyButton says={t('mod.person')} act={() => deeds.person(item.author)} /></span>
          </div>
        ) : (
          !m.hidden && <button type="button" class="button small quiet mod-quick" tabIndex={-1} aria-label={t('mod.hideOf', { name: m.name })} onClick={(e) => (e.stopPropagation(), deeds.hide(item))}>{t('mod.hide')}</button>
        )}
      </li>
    );
  }
}

export function Lines({ room, deeds }: { room: ModRoom; deeds: Deeds }) {
  const list = useRef<HTMLOListElement>(null);
  const follows = useSignal(true);
  const seen = useSignal('');
  const lines = room.lines.value;
  const last = lines.at(-1)?.id ?? '';
  const selected = room.selected.value.live;
  const door = lines.some((m) => m.id === selected) ? selected : last;
  useLayoutEffect(() => {
    if (!follows.value || !list.current) return;
    list.current.scrollTop = list.current.scrollHeight;
    seen.value = last;
  }, [last, lines.length, follows.value]);
  useEffect(() => {
    if (room.search.value !== '') follows.value = true;
  }, [room.search.value]);
  const scrolled = () => {
    const l = list.current!;
    follows.value = l.scrollHeight - l.scrollTop - l.clientHeight < NEAR_PX;
  };
  const fresh = follows.value ? 0 : lines.length - 1 - lines.findIndex((m) => m.id === seen.value);
  return (
    <section class="panel mod-column mod-live" aria-labelledby="mod-live">
      <div class="mod-column-head">
        <h2 id="mod-live">{t('mod.live')}</h2>
        <input type="search" id="mod-find" class="input" aria-label={t('mod.find')} placeholder={t('mod.find')} value={room.search.value} autocomplete="off"
          onInput={(e) => (room.search.value = e.currentTarget.value)}
          onKeyDown={(e) => e.key === 'Escape' && ((room.search.value = ''), e.currentTarget.blur())} />
      </div>
      {room.search.value !== '' && <p class="hint" role="status">{count('mod.found', lines.length)}</p>}
      {lines.length === 0 && <p class="muted mod-none">{t(room.search.value ? 'mod.foundNone' : 'mod.quiet')}</p>}
      <ol ref={list} class="mod-list" onScroll={scrolled} aria-labelledby="mod-live">
        {lines.map((m) => <Row key={m.id} m={m} selected={m.id === selected && room.column.value === 'live'} door={m.id === door} room={room} deeds={deeds} />)}
      </ol>
      {fresh > 0 && <button type="button" class="button small primary mod-newest" onClick={() => (follows.value = true)}>{count('mod.newest', fresh)}</button>}
    </section>
  );
}
