// Before joining: is there a camera, a microphone, a loudspeaker? Each trouble
// has a sentence of its own and a way to try again.
import { useSignal } from '@preact/signals';
import { type Key, t } from '../app/i18n';
import { page } from '../app/state';
import { Speaker } from '../components/icons-stage';
import type { DeviceTrouble } from './devices';
import { LevelMeter } from './LevelMeter';
import type { Media } from './media';
import { Video } from './Video';

const KINDS = { camera: 'videoinput', microphone: 'audioinput', speaker: 'audiooutput' } as const;

export function SelfView({ media }: { media: Media }) {
  const said: Key = media.opening.value ? 'check.opening' : media.cameraOff.value ? 'check.cameraOff' : 'check.noPicture';
  const shows = media.view.value !== undefined && !media.cameraOff.value;
  return (
    <div class="self-view">
      {shows ? <Video stream={media.view.value} mirrored label={t('check.selfView')} /> : <p class="self-words">{t(said)}</p>}
    </div>
  );
}

/** Everything that is chosen of devices; the same in the check and later. */
export const Devices = ({ media }: { media: Media }) => (
  <div class="devices">
    <Troubles media={media} />
    <DeviceField media={media} kind="camera" />
    <div class="device-with">
      <DeviceField media={media} kind="microphone" />
      <LevelMeter level={media.level} />
    </div>
    <div class="device-with">
      <DeviceField media={media} kind="speaker" />
      <TestTone speaker={media.choice.value.speaker} />
    </div>
  </div>
);

function DeviceField({ media, kind }: { media: Media; kind: keyof typeof KINDS }) {
  const devices = media.devices.value.filter((d) => d.kind === KINDS[kind] && d.deviceId !== '');
  const using = kind === 'speaker' ? undefined : media[kind].value?.getSettings().deviceId;
  const chosen = using ?? media.choice.value[kind] ?? devices[0]?.deviceId;
  return (
    <div class="field">
      <label for={`device-${kind}`}>{t(`check.${kind}`)}</label>
      <select id={`device-${kind}`} class="input" disabled={devices.length === 0} value={chosen ?? ''}
        onChange={(e) => void media.choose(kind, e.currentTarget.value)}>
        {devices.length === 0 && <option value="">{t(kind === 'speaker' ? 'check.defaultSpeaker' : 'check.noDevice')}</option>}
        {devices.map((d, i) => <option value={d.deviceId} key={d.deviceId}>{d.label || `${t(`check.${kind}`)} ${i + 1}`}</option>)}
      </select>
    </div>
  );
}

// One sentence where camera and microphone have the same trouble.
function Troubles({ media }: { media: Media }) {
  const { camera, microphone } = media.trouble.value;
  if (camera === undefined && microphone === undefined) return null;
  const says: [Key, Key][] =
    camera === microphone
      ? [['trouble.both', troubleKey(camera!)]]
      : [
          ...(camera ? [['trouble.camera', troubleKey(camera)] as [Key, Key]] : []),
          ...(microphone ? [['trouble.microphone', troubleKey(microphone)] as [Key, Key]] : []),
        ];
  return (
    <div class="problem" role="alert">
      {says.map(([what, why]) => <p key={what}><b>{t(what)}</b> {t(why)}</p>)}
      {camera !== 'insecure' && <button type="button" class="button small" onClick={() => void media.open()}>{t('check.retry')}</button>}
    </div>
  );
}

// Who came by a link asks for another; who runs the desk can do something about it.
const troubleKey = (trouble: DeviceTrouble): Key =>
  trouble === 'insecure' && !page.invitation ? 'trouble.insecureDesk' : `trouble.${trouble}`;

/** Two seconds of a tone, where it will be heard later. */
function TestTone({ speaker }: { speaker: string | undefined }) {
  const playing = useSignal(false);
  const play = async () => {
    if (playing.value) return;
    playing.value = true;
    const context = new AudioContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (speaker) await context.setSinkId?.(speaker).catch(() => {});
    const tone = new OscillatorNode(context, { frequency: 440 });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setTargetAtTime(0.15, context.currentTime, 0.02);
    volume.gain.setTargetAtTime(0, context.currentTime + 1.2, 0.1);
    tone.connect(volume).connect(context.destination);
    tone.onended = () => {
      playing.value = false;
      void context.close();
    };
    tone.start();
    tone.stop(context.currentTime + 1.6);
  };
  return (
    <button type="button" class="button small" onClick={() => void play()} aria-pressed={playing.value}>
      <Speaker />{t(playing.value ? 'check.tonePlays' : 'check.tone')}
    </button>
  );
}
