// The page of an invite: device check, then the green room. The host by invite
// goes on to the desk.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { api } from './app/api';
import { reconnect } from './app/events';
import { t } from './app/i18n';
import { page } from './app/state';
import { Check } from './guest/Check';
import { GreenRoom } from './guest/GreenRoom';
import { remember } from './stage/devices';
import { Me } from './stage/me';
import { Media } from './stage/media';
import { Room } from './stage/room';
import { Talk } from './stage/talk';

interface Joined {
  session: string;
  participant: string;
}

const invitation = page.invitation!;
const token = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const media = new Media();
/** The session has ended, and its guest has not said that they come all the same. */
const over = signal(invitation.over === true && invitation.seat !== 'host');
const stage = signal<{ room: Room; me: Me; talk: Talk } | undefined>(undefined);

async function join(name: string): Promise<void> {
  media.choice.value = { ...media.choice.value, name };
  remember(localStorage, media.choice.value);
  const { session, participant } = await api<Joined>('POST', 'join', { invite: token, name });
  if (invitation.seat === 'host') return location.assign(`/studio/${encodeURIComponent(session)}`);
  reconnect();
  const room = new Room(session);
  const me = new Me(room, media, participant);
  const talk = new Talk(session, participant, 'host', (from) => from === participant);
  room.start();
  stage.value = { room, me, talk };
  await enter();
}

async function enter(): Promise<void> {
  const { room, me } = stage.value!;
  // Whoever is in already, because the page was loaded again, keeps their place.
  const place = (await room.load())?.people.find((p) => p.id === me.id)?.place ?? 'invited';
  const joins = place === 'invited' || place === 'checking' || place === 'left';
  const { muted, cameraOff } = media;
  await room.me(me.id, { ...(joins && { place: 'waiting' }), self_muted: muted.value, self_camera_off: cameraOff.value });
  if (media.camera.value === undefined && media.microphone.value === undefined) void media.open();
  me.join();
}

/** A session that has ended may begin again, for instance after a rehearsal. */
const Over = () => (
  <>
    <h1 class="check-title">{t('guest.overTitle', { title: invitation.title })}</h1>
    <p class="lead">{t('guest.overLead', { host: invitation.host })}</p>
    <div class="actions">
      <button type="button" class="button" onClick={() => { over.value = false; void media.open(); }}>{t('guest.overAgain')}</button>
      <a class="button" href={`/s/${encodeURIComponent(invitation.session)}`}>{t('guest.overWatch')}</a>
    </div>
  </>
);

const Guest = () => {
  if (stage.value) return <GreenRoom {...stage.value} again={() => void enter()} />;
  if (over.value) return <Over />;
  return (
    <>
      <h1 class="check-title">{t('guest.title', { title: invitation.title })}</h1>
      <p class="lead">{t(invitation.seat === 'host' ? 'guest.leadHost' : 'guest.lead', { host: invitation.host })}</p>
      <Check media={media} name={invitation.name || media.choice.value.name || ''} host={invitation.host} join={join} />
    </>
  );
};

const main = document.getElementById('main')!;
main.replaceChildren(); // what stood in for the page
render(<Guest />, main);
if (!over.value) void media.open();
