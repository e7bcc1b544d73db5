// The session's logo: chosen here, and shown in the corner of the picture.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, sentence } from '../app/api';
import { t } from '../app/i18n';
import type { Desk } from '../stage/desk';
import type { Room } from '../stage/room';

export function LogoField({ room, desk }: { room: Room; desk: Desk }) {
  const has = useSignal(false);
  const version = useSignal(Date.now()); // past the browser's cache
  const problem = useSignal('');
  const busy = useSignal(false);
  // Another at the desk may have brought one.
  useEffect(() => void api<{ logo: boolean }>('GET', room.at('manage')).then((s) => ((has.value = s.logo), version.value++)).catch(() => {}), [desk.overlays.logo]);
  const change = async (act: () => Promise<unknown>, is: boolean) => {
    busy.value = true;
    problem.value = '';
    try {
      await act();
      has.value = is;
      version.value++;
      await room.overlays({ logo: is });
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  };
  const put = (file: File | undefined) => file && void change(async () => api('PUT', room.at('logo'), await asPNG(file)), true);
  return (
    <fieldset>
      <legend>{t('desk.logo')}</legend>
      {has.value && (
        <div class="logo-now">
          <img src={`/api/v1/${room.at('logo')}?${version.value}`} alt={t('desk.logo')} />
          <button type="button" class="button small" disabled={busy.value} onClick={() => void change(() => api('DELETE', room.at('logo')), false)}>{t('desk.logoRemove')}</button>
        </div>
      )}
      <div class="field">
        <label for="logo-file">{t('desk.logoFile')}</label>
        <input id="logo-file" class="input" type="file" accept="image/png,image/jpeg,image/webp" disabled={busy.value} aria-describedby="logo-hint" onChange={(e) => put(e.currentTarget.files?.[0])} />
        <p class="hint" id="logo-hint">{t('desk.logoFileHint')}</p>
        {problem.value && <p class="error" role="alert">{problem.value}</p>}
      </div>
      <label class="choice">
        <input type="checkbox" disabled={!has.value} checked={room.intents.of('overlays.logo', desk.overlays.logo) && has.value} onChange={(e) => void room.overlays({ logo: e.currentTarget.checked })} />
        <span class="label">{t('desk.logoShow')}</span>
        <span class="hint">{t('desk.logoHint')}</span>
      </label>
    </fieldset>
  );
}

const MOST_BYTES = 256 << 10;

/** What the server takes. Nothing in a corner needs more than 512 pixels. */
async function asPNG(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file).catch(() => undefined);
  for (let side = 512; picture && side >= 64; side /= 2) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height].map((d) => Math.max(1, Math.round(d * scale))) as [number, number];
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
    if (png && png.size <= MOST_BYTES) return png;
  }
  throw new Error(t('desk.logoUnreadable'));
}
