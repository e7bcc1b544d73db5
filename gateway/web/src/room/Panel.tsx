// The room beside the picture: chat, questions, polls and products, one at a time.
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, type Key } from '../app/i18n';
import type { Audience } from './audience';
import { Chat } from './Chat';
import { Hand, Invited } from './Hand';
import { PinDrawer } from './Pins';
import { OnePoll, Polls, seen } from './Polls';
import { Questions } from './Questions';
import { ReadingChoice } from './Quiet';
import { ReactionBar } from './Reactions';
import type { Pin } from './types';

export interface Tab {
  id: string;
  words: string;
  count?: number;
  content: () => ComponentChildren;
}

/** Tabs with arrow keys, as WAI-ARIA has them. */
export function Tabs({ label, tabs, at, children }: { label: string; tabs: Tab[]; at: Signal<string>; children?: ComponentChildren }) {
  const now = tabs.find((tab) => tab.id === at.value) ?? tabs[0]!;
  const move = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    at.value = tabs[(tabs.indexOf(now) + step + tabs.length) % tabs.length]!.id;
    document.getElementById(`room-${at.value}`)?.focus();
  };
  return (
    <>
      <div class="room-head">
        <div class="room-tabs" role="tablist" aria-label={label} onKeyDown={move}>
          {tabs.map((tab) => (
            <button type="button" role="tab" id={`room-${tab.id}`} key={tab.id} aria-selected={tab === now} aria-controls="room-panel" tabIndex={tab === now ? 0 : -1} onClick={() => (at.value = tab.id)}>
              {tab.words}{tab.count ? <span class="figures"> {tab.count}</span> : null}
            </button>
          ))}
        </div>
        {children}
      </div>
      <div class={`room-panel ${now.id}`} id="room-panel" role="tabpanel" aria-labelledby={`room-${now.id}`}>{now.content()}</div>
    </>
  );
}

interface Props {
  room: Audience;
  pins: readonly Pin[];
  seek: (date: number) => (() => void) | undefined;
  keysOn: Signal<boolean>;
}

export function Panel({ room, pins, seek, keysOn }: Props) {
  const at = useSignal('chat');
  useEffect(() => chatKeys(at, keysOn), [at, keysOn]);
  const polls = seen(room.polls.value);
  const open = polls.find((p) => p.state === 'open');
  const asked = room.questions.value.filter((q) => q.state !== 'dismissed' && q.state !== 'answered').length;
  const tab = (id: string, count: number, content: Tab['content']): Tab => ({ id, words: t(`audience.tab.${id}` as Key), count, content });
  const tabs = [
    tab('chat', 0, () => (
      <>
        {open && <OnePoll key={open.id} poll={open} room={room} />}
        <Chat room={room} />
        <div class="room-acts"><ReactionBar room={room} /><Hand room={room} /></div>
      </>
    )),
    tab('questions', asked, () => <Questions room={room} />),
    ...(polls.length > 0 ? [tab('polls', polls.length, () => <Polls room={room} />)] : []),
    tab('pins', pins.length, () => <PinDrawer pins={pins} seek={seek} />),
  ];
  return (
    <>
      <Tabs label={t('audience.tabs')} tabs={tabs} at={at}>
        <details class="room-settings">
          <summary aria-label={t('audience.settings')}>…</summary>
          <div class="room-menu"><ReadingChoice /></div>
        </details>
      </Tabs>
      <Invited room={room} />
    </>
  );
}

/** "/" goes to where one writes, Esc back to the picture. */
function chatKeys(at: Signal<string>, keysOn: Signal<boolean>): () => void {
  const pressed = (e: KeyboardEvent) => {
    const on = e.target as HTMLElement;
    const writing = on.matches('input, textarea, select') || on.isContentEditable;
    if (e.key === 'Escape' && on.id === 'say') return document.querySelector('video')?.focus();
    if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || writing || !keysOn.value || document.querySelector('dialog[open]')) return;
    e.preventDefault();
    at.value = 'chat';
    requestAnimationFrame(() => document.getElementById('say')?.focus());
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}
