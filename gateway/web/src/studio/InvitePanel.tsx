// Links for guests: made here, shown once, copied with a click.
import { useSignal } from '@preact/signals';
import { api, sentence } from '../app/api';
import { copy, useSaid } from '../app/copy';
import { t } from '../app/i18n';
import { hurdle } from '../app/reach';
import { Link } from '../components/icons-stage';
import type { Room } from '../stage/room';

interface Invite {
  id: string;
  name: string;
  url: string;
}

export function InvitePanel({ room }: { room: Room }) {
  const name = useSignal('');
  const made = useSignal<Invite[]>([]);
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const make = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      const asked = name.value.trim();
      const invite = await api<Invite>('POST', room.at('invites'), { seat: 'guest', ...(asked && { name: asked }) });
      made.value = [{ ...invite, name: invite.name || asked }, ...made.value];
      name.value = '';
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  };
  return (
    <div class="invite-panel">
      <form class="form" onSubmit={(e) => (e.preventDefault(), void make())}>
        <div class="field">
          <label for="invite-name">{t('desk.inviteName')}</label>
          <input id="invite-name" class="input" dir="auto" maxLength={40} autocomplete="off" value={name.value} onInput={(e) => (name.value = e.currentTarget.value)} />
          <p class="hint">{t('desk.inviteHint')}</p>
        </div>
        {problem.value && <p class="problem" role="alert">{problem.value}</p>}
        <div class="actions"><button class="button primary" disabled={busy.value}><Link />{t('desk.invite')}</button></div>
      </form>
      <ul class="invites">{made.value.map((invite) => <Made key={invite.id} invite={invite} />)}</ul>
    </div>
  );
}

function Made({ invite }: { invite: Invite }) {
  const [said, say] = useSaid();
  const url = new URL(invite.url, location.href).href;
  const elsewhere = hurdle(location);
  return (
    <li class="secret">
      <p class="label">{invite.name ? t('desk.inviteFor', { name: invite.name }) : t('desk.inviteAny')}</p>
      <div class="copy-line">
        <input class="input" readOnly value={url} aria-label={t('desk.inviteLink')} onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="button" onClick={() => void copy(url).then(say)}><span role="status">{t(said ? 'elsewhere.copied' : 'elsewhere.copy')}</span></button>
      </div>
      <p class="hint">{t('desk.inviteOnce')}{elsewhere && ` ${t(elsewhere)}`}</p>
    </li>
  );
}
