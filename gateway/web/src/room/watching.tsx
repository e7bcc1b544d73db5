// What the watch page loads when it is idle: the room, its words and its styles.
import { type Signal, signal } from '@preact/signals';
import { page } from '../app/state';
import type { Player } from '../player/player';
import { Audience } from './audience';
import { Reach, timeOf } from './moments';
import { Panel } from './Panel';
import { PinCards } from './Pins';
import { Floats } from './Reactions';
import { ticks } from './ticks';
import type { Pin } from './types';
import { followKeyboard } from './viewport';

const words = page.lang === 'fr' ? await import('words:fr') : await import('words:en');
Object.assign(page.messages, words.default);

const PIN = 'com.regie.pin';
const QUESTION = 'com.regie.question';
const LOOK_MS = 250;

/** A room: what its page puts beside, over and below the picture. */
export function begin(session: string, player: Signal<Player | undefined>, keysOn: Signal<boolean>) {
  const room = new Audience(session);
  const reach = new Reach();
  const reached = signal<readonly Pin[]>([]);
  const shown = signal<readonly Pin[]>([]);
  const style = document.querySelector<HTMLLinkElement>('#later-style');
  if (style) style.rel = 'stylesheet';
  room.start();
  const leave = followKeyboard();

  const look = () => {
    const p = player.value;
    const cues = p?.cues.value ?? [];
    for (const { id, class: c, data } of cues) {
      if (c === PIN) reach.show((data as Pin).id);
      const q = data as { id?: string; name?: string; text?: string } | undefined;
      if (c === QUESTION && q?.text && room.loaded.value) room.mark(`mark-${id}`, q.id ?? '', q.name ?? '', q.text);
    }
    const pins = room.pins.value;
    // Its product's stock and price may have changed since the cue was sent.
    set(shown, cues.filter((c) => c.class === PIN && isPin(c.data)).map((c) => pins.find((pin) => pin.id === (c.data as Pin).id) ?? (c.data as Pin)));
    set(reached, reach.of(pins, { date: p?.place.value?.date, playing: p !== undefined }, performance.now()));
    ticks.value = reached.value.map((pin) => ({ id: pin.id, date: Date.parse(pin.start) }));
  };
  const looking = setInterval(look, LOOK_MS);

  const seek = (date: number) => {
    const p = player.value;
    const place = p?.place.value;
    const time = timeOf(place, date);
    return p && place && time !== undefined && time >= place.start ? () => p.seek(time) : undefined;
  };
  return {
    Beside: () => <Panel room={room} pins={reached.value} seek={seek} keysOn={keysOn} />,
    Over: () => <Floats room={room} />,
    Below: () => <PinCards pins={shown.value} />,
    stop: () => {
      clearInterval(looking);
      leave();
      room.stop();
      ticks.value = [];
    },
  };
}

const isPin = (data: unknown): boolean => typeof (data as Pin | undefined)?.id === 'string';

// A list that says the same is the same: nothing is drawn anew.
function set(to: Signal<readonly Pin[]>, pins: readonly Pin[]): void {
  if (JSON.stringify(to.peek()) !== JSON.stringify(pins)) to.value = pins;
}
