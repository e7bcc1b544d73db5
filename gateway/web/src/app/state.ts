// What the server knows, as signals: the page starts from the JSON that stands in
// it and is kept up to date by asking the API.
import { computed, signal } from '@preact/signals';
import { Poller } from './poll';

export type Phase = 'planned' | 'live' | 'ended';
export type Role = 'host' | 'guest';

export interface Participant {
  name: string;
  role: Role;
  on_air: boolean;
}

export interface Session {
  id: string;
  title: string;
  phase: Phase;
  since?: string;
  participants: Participant[];
  viewers: number;
  width?: number;
  height?: number;
  hls_url: string;
  whep_url: string;
}

interface PageState {
  lang: string;
  messages: Record<string, string>;
  sessions: Session[] | null;
  session?: string;
  /** When which session is, on the page that follows them. */
  schedule?: unknown;
  /** Where encoders may send, on the page that says so. */
  encoders?: unknown;
  /** What the invite says whose page this is. */
  invitation?: { session: string; title: string; host: string; seat: Role; name?: string; over?: boolean };
}

const element = globalThis.document?.getElementById('state'); // tests have no document
export const page: PageState = JSON.parse(element?.textContent ?? '{"lang":"en","messages":{},"sessions":[]}');

/** Every session, in the order of the programme. */
export const sessions = signal<Session[]>(page.sessions ?? []);

/** The session that this page plays. It keeps its last state should it leave the list. */
let last: Session | undefined;
export const session = computed<Session | undefined>(
  () => (last = sessions.value.find((s) => s.id === page.session) ?? last),
);

/** Seconds until the next attempt while the server cannot be reached, else undefined. */
export const unreachable = signal<number | undefined>(undefined);

// A page that waits for its session asks more often: the wait for the picture is
// then a second or two.
const interval = () => (session.value?.phase === 'planned' ? 2_500 : 5_000);

const poller = new Poller<{ sessions: Session[] }>({
  load: async () => {
    const answer = await fetch('/api/v1/sessions', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    return answer.json();
  },
  interval,
  arrived: (answer) => {
    unreachable.value = undefined;
    sessions.value = answer.sessions;
  },
  waiting: (seconds) => (unreachable.value = seconds),
});

/** Asks the server at once: "Try now". */
export const refresh = () => poller.now();

/** Keeps the page up to date while it is looked at. */
export function keepFresh(): void {
  poller.start();
  document.addEventListener('visibilitychange', () => (document.hidden ? poller.stop() : poller.start()));
}
