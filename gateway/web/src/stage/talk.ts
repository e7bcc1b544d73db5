// Private text between the desk and one person.
import { signal } from '@preact/signals';
import { api, path, sentence } from '../app/api';
import { listen } from '../app/events';

export interface Line {
  from: string;
  from_name: string;
  text: string;
  at: string;
  /** Where the server put it. */
  place: number;
}

/** Puts a line where it belongs. */
export const insert = (lines: readonly Line[], line: Line): Line[] =>
  [...lines, line].sort((a, b) => a.place - b.place || a.at.localeCompare(b.at));

/** History that is asked for. */
const LINES = 50;

export class Talk {
  readonly lines = signal<readonly Line[]>([]);
  /** What was sent and is not in the conversation yet, or could not be sent. */
  readonly unsent = signal<string | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  readonly draft = signal('');
  /** Lines that came while nobody looked. */
  readonly unread = signal(0);
  looking = false;
  private readonly stop: () => void;

  constructor(private readonly session: string, readonly participant: string, private readonly to: string, private readonly mine: (from: string) => boolean) {
    this.stop = listen(`talk:${session}/${participant}`, LINES, (message, place) => {
      const line = { ...(message as Omit<Line, 'place'>), place };
      this.lines.value = insert(this.lines.value, line);
      if (!this.looking && !this.mine(line.from)) this.unread.value++;
    });
  }

  isMine = (line: Line): boolean => this.mine(line.from);

  look(): void {
    this.unread.value = 0;
  }

  close = (): void => this.stop();

  /** Sends the draft. What could not be sent stays in the field. */
  async send(): Promise<void> {
    const text = this.draft.value.trim();
    if (text === '' || this.unsent.value !== undefined) return;
    this.unsent.value = text;
    this.problem.value = undefined;
    try {
      await api('POST', `${path('sessions', this.session)}/messages`, { to: this.to, text });
      if (this.draft.value.trim() === text) this.draft.value = '';
    } catch (error) {
      this.problem.value = sentence(error);
    }
    this.unsent.value = undefined;
  }
}
