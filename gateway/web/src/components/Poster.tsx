import type { Session } from '../app/state';

/** The stage as a drawing, where a picture is not there yet. */
export const Poster = ({ session }: { session: Session }) => (
  <div class={`poster ${session.phase}`} aria-hidden="true">
    <ul class={`tiles tiles-${session.participants.length}`}>
      {session.participants.map((p) => <li class="tile"><span>{p.name}</span></li>)}
    </ul>
  </div>
);
