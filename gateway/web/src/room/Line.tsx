import type { Signal } from '@preact/signals';
import { hueOf } from '../app/hue';
import { clockShort, t } from '../app/i18n';
import type { Audience } from './audience';
import { Dots } from './icons';
import type { MessageRow, Row } from './log';
import type { Badge, Message } from './types';

/** A name in its own colour, by the rule that keeps it readable in both themes. */
export const Who = ({ by, name, badge }: { by: string; name: string; badge: Badge }) => (
  <>
    <b class="said-by" dir="auto" style={{ '--hue': String(hueOf(by || name)) }}>{name}</b>
    {badge !== '' && <>{' '}<span class={`who-badge ${badge}`}>{t(`audience.badge.${badge}`)}</span></>}
  </>
);

export function Line({ row, room, about }: { row: Row; room: Audience; about: Signal<Message | undefined> }) {
  if (row.kind === 'mark') {
    return (
      <li class="line mark">
        <b>{t('audience.onAir')}</b>
        <span dir="auto">{row.name}: {row.text}</span>
      </li>
    );
  }
  const { message, state } = row;
  if (state === 'removed') return <li class="line gone">{t('audience.removed')}</li>;
  const replied = message.reply_to ? room.rows.value.find((r) => r.id === message.reply_to) : undefined;
  return (
    <li class={`line ${state}${room.isMine(message.by) ? ' mine' : ''}`}>
      {replied?.kind === 'message' && replied.state === 'sent' && (
        <span class="reply" dir="auto">{t('audience.replyTo', { name: replied.message.name })} {replied.message.text}</span>
      )}
      <span class="said">
        <Who by={message.by} name={message.name} badge={message.badge} />{' '}
        {message.question && <span class="asked">{t('audience.asks')} </span>}
        <span dir="auto">{message.text}</span>
      </span>
      {state === 'sent' && (
        <button type="button" class="line-more" aria-label={t('audience.more', { name: message.name, time: clockShort(row.at) })} onClick={() => (about.value = message)}><Dots /></button>
      )}
      <Fate row={row} room={room} />
    </li>
  );
}

/** What became of one's own message that is not there for all. */
const Fate = ({ row, room }: { row: MessageRow; room: Audience }) => {
  if (row.state === 'held') return <span class="fate" role="status">{t('audience.held')}</span>;
  if (row.state === 'sending') return <span class="unseen">{t('audience.sending')}</span>;
  if (row.state !== 'unsent') return null;
  return (
    <span class="fate not" role="alert">
      {t('audience.notSent')} {row.why}{' '}
      <button type="button" class="link" onClick={() => room.again(row.id)}>{t('audience.retry')}</button>{' '}
      <button type="button" class="link" onClick={() => room.forget(row.id)}>{t('audience.discard')}</button>
    </span>
  );
};
