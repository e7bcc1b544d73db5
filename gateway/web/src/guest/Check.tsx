// Before joining: who one is, and whether one is seen and heard.
import { useSignal } from '@preact/signals';
import { sentence } from '../app/api';
import { t } from '../app/i18n';
import { Camera, CameraOff, Mic, MicOff } from '../components/icons-stage';
import { Devices, SelfView } from '../stage/DeviceCheck';
import type { Media } from '../stage/media';
import { Toggle } from '../stage/SelfBar';

interface Props {
  media: Media;
  /** What the name field begins with. */
  name: string;
  /** The host's name, for the sentences. */
  host: string;
  join: (name: string) => Promise<void>;
}

const LONGEST_NAME = 40;

export function Check({ media, name: first, host, join }: Props) {
  const name = useSignal(first);
  const problem = useSignal<string | undefined>(undefined);
  const nameMissing = useSignal(false);
  const busy = useSignal(false);
  const submit = async () => {
    nameMissing.value = name.value.trim() === '';
    if (nameMissing.value) return document.getElementById('name')?.focus();
    busy.value = true;
    problem.value = undefined;
    await join(name.value.trim()).catch((error: unknown) => (problem.value = sentence(error)));
    busy.value = false;
  };
  const { muted, cameraOff } = media;
  return (
    <form class="check-grid" noValidate onSubmit={(e) => (e.preventDefault(), void submit())}>
      <div class="check-self">
        <SelfView media={media} />
        <div class="self-bar">
          <Toggle on={!muted.value} says={muted.value ? 'bar.unmute' : 'bar.mute'} onClick={() => media.setMuted(!muted.value)}>
            {muted.value ? <MicOff /> : <Mic />}
          </Toggle>
          <Toggle on={!cameraOff.value} says={cameraOff.value ? 'bar.cameraOn' : 'bar.cameraOff'} onClick={() => media.setCameraOff(!cameraOff.value)}>
            {cameraOff.value ? <CameraOff /> : <Camera />}
          </Toggle>
        </div>
      </div>
      <div class="check-fields">
        <div class="field">
          <label for="name">{t('guest.name')}</label>
          <input id="name" class="input" value={name.value} maxLength={LONGEST_NAME} autocomplete="name" required dir="auto"
            aria-invalid={nameMissing.value} aria-describedby="name-hint" onInput={(e) => (name.value = e.currentTarget.value)} />
          <p id="name-hint" class={nameMissing.value ? 'error' : 'hint'}>{t(nameMissing.value ? 'guest.nameMissing' : 'guest.nameHint')}</p>
        </div>
        <Devices media={media} />
        <p class="hint">{t('guest.consent', { host })}</p>
        {problem.value && <p class="problem" role="alert">{problem.value}</p>}
        <div class="actions">
          <button class="button primary big" disabled={busy.value}>{t(busy.value ? 'guest.joining' : 'guest.join')}</button>
          <p class="hint">{t('guest.joinHint')}</p>
        </div>
      </div>
    </form>
  );
}
