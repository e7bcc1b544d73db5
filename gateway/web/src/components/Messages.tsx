import { type Cue } from '../player/cues';
import type { Player } from '../player/player';

/** A line that the program shows its viewers. Other classes have their own place. */
const MESSAGE = 'com.regie.message';
/** What fits over a picture on a phone. */
const MOST_LETTERS = 280;

const textOf = ({ data }: Cue): string => {
  const text = (data as { text?: unknown } | null | undefined)?.text;
  return typeof text === 'string' ? text.slice(0, MOST_LETTERS) : '';
};

/** The messages that belong to the picture, over it. */
export const Messages = ({ player }: { player: Player }) => (
  <div class="messages" role="status">
    {player.cues.value
      .filter((cue) => cue.class === MESSAGE && textOf(cue) !== '')
      .map((cue) => <p class="message" dir="auto" key={cue.id}>{textOf(cue)}</p>)}
  </div>
);
