// The audience at the host's desk: chat, questions, polls, products and hands.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../app/i18n';
import type { Desk } from '../stage/desk';
import type { Audience } from './audience';
import { Chat } from './Chat';
import { Hands, useHands } from './Hands';
import { NewPoll } from './NewPoll';
import { Tabs, type Tab } from './Panel';
import { OnePoll } from './Polls';
import { Products } from './Products';
import { Questions } from './Questions';
import { ReadingChoice } from './Quiet';

export function DeskPanel({ room, desk }: { room: Audience; desk: Desk }) {
  const at = useSignal('chat');
  const hands = useHands(room);
  useEffect(() => void (room.refusal.value = undefined), [at.value]);
  const polls = room.polls.value;
  const waiting = room.questions.value.filter((q) => q.state === 'open' || q.state === 'next').length;
  const tabs: Tab[] = [
    { id: 'chat', words: t('audience.tab.chat'), content: () => <Chat room={room} /> },
    { id: 'questions', words: t('audience.tab.questions'), count: waiting, content: () => <Questions room={room} crew /> },
    {
      id: 'polls',
      words: t('audience.tab.polls'),
      count: polls.filter((p) => p.state === 'open').length,
      content: () => (
        <div class="polls">
          {room.refusal.value && <p class="problem" role="alert">{room.refusal.value}</p>}
          <NewPoll room={room} />
          {polls.length === 0 && <p class="log-word">{t('audience.noPolls')}</p>}
          {[...polls].reverse().map((p) => <OnePoll key={p.id} poll={p} room={room} crew />)}
        </div>
      ),
    },
    { id: 'pins', words: t('audience.tab.pins'), content: () => <Products room={room} live={desk.phase === 'live'} /> },
    { id: 'hands', words: t('audience.tab.hands'), count: hands.value.length, content: () => <Hands room={room} hands={hands} /> },
  ];
  return (
    <section class="panel room desk-room" aria-label={t('audience.desk')}>
      <Tabs label={t('audience.desk')} tabs={tabs} at={at}>
        <details class="room-settings">
          <summary aria-label={t('audience.settings')}>…</summary>
          <div class="room-menu"><ReadingChoice /></div>
        </details>
      </Tabs>
    </section>
  );
}
