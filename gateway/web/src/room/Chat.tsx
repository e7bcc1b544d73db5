// The chat: a window of rows that follows the newest unless its reader has gone back.
import { useComputed, useSignal, type Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { connected } from '../app/events';
import { count, t } from '../app/i18n';
import type { Audience } from './audience';
import { Composer } from './Composer';
import { Down } from './icons';
import { view } from './log';
import { MessageDialog } from './MessageDialog';
import { Line } from './Line';
import { Name } from './Name';
import { Quiet, reading } from './Quiet';
import type { Message } from './types';

/** So near to its end a list is at its end. */
const NEAR_PX = 40;
const STEP = 100;

export function Chat({ room }: { room: Audience }) {
  const about = useSignal<Message | undefined>(undefined);
  if (room.off.value) return <p class="chat-word" role="status">{t('audience.off')}</p>;
  return (
    <div class="chat">
      <Log room={room} about={about} />
      {!connected.value && room.loaded.value && <p class="chat-word" role="status">{t('audience.reconnecting')}</p>}
      <Rules room={room} />
      {room.named.value ? <Composer room={room} /> : <Name room={room} />}
      <MessageDialog room={room} about={about} />
    </div>
  );
}

function Log({ room, about }: { room: Audience; about: Signal<Message | undefined> }) {
  const until = useSignal<string | undefined>(undefined);
  const log = useRef<HTMLDivElement>(null);
  const shown = useComputed(() => view(room.rows.value, until.value));
  const { rows, before, after } = shown.value;

  useLayoutEffect(() => {
    if (until.value === undefined) log.current?.scrollTo(0, log.current.scrollHeight);
  }, [rows.at(-1)?.id, rows.length, until.value]);

  // The box changes with the keyboard and the window; its end stays in sight.
  useEffect(() => {
    const box = log.current!;
    const watch = new ResizeObserver(() => until.value === undefined && box.scrollTo(0, box.scrollHeight));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = log.current!;
    const all = room.rows.value;
    const end = all.length - shown.value.after;
    if (scrollHeight - scrollTop - clientHeight < NEAR_PX) {
      until.value = end + STEP >= all.length ? undefined : all[end + STEP - 1]?.id;
    } else if (scrollTop < NEAR_PX && shown.value.before > 0) until.value = all[end - STEP - 1]?.id;
    else until.value ??= all.at(-1)?.id;
  };
  const newest = () => {
    until.value = undefined;
    log.current?.focus();
  };
  return (
    <div class="log-box">
      <div class="log" ref={log} role="log" aria-label={t('audience.log')} aria-live={reading.value === 'all' ? 'polite' : 'off'} tabIndex={0} onScroll={scrolled}>
        {before > 0 && <p class="log-word">{count('audience.earlier', before)}</p>}
        {!room.loaded.value && <div class="log-waits" aria-hidden="true"><span /><span /><span /><span /><span /></div>}
        {room.loaded.value && rows.length === 0 && <p class="log-word">{t('audience.empty')}</p>}
        <ol>{rows.map((row) => <Line key={row.id} row={row} room={room} about={about} />)}</ol>
      </div>
      {after > 0 && <button type="button" class="button primary newer" onClick={newest}><Down />{count('audience.newer', after)}</button>}
      <Quiet room={room} />
    </div>
  );
}

/** What holds for everybody now. */
const Rules = ({ room }: { room: Audience }) => {
  const { paused, slow_seconds: slow, closed } = room.state.value;
  const words = closed ? t('audience.closed') : paused ? t('audience.paused') : slow > 0 ? t('audience.slow', { s: slow }) : '';
  return <p class="chat-word" role="status">{words}</p>;
};
