// The bar of the person who sends: microphone, camera, screen, devices.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type Key, t } from '../app/i18n';
import { Camera, CameraOff, Gear, Mic, MicOff, ScreenShare } from '../components/icons-stage';
import { Devices } from './DeviceCheck';
import { Dialog } from './Dialog';
import type { Me } from './me';
import type { Room } from './room';

interface ToggleProps {
  on: boolean;
  says: Key;
  keys?: string;
  onClick: () => void;
  children: ComponentChildren;
}

/** A button that is on or off; off is shown with a line through it, and in words. */
export const Toggle = ({ on, says, keys, onClick, children }: ToggleProps) => (
  <button type="button" class={`bar-toggle${on ? '' : ' off'}`} aria-pressed={on} onClick={onClick} aria-keyshortcuts={keys}>
    {children}
    <span>{t(says)}</span>
  </button>
);

export function SelfBar({ me, room, children }: { me: Me; room: Room; children?: ComponentChildren }) {
  const devices = useSignal(false);
  const sharing = useSignal(false);
  const { media } = me;
  const self = room.person(me.id);
  const muted = media.muted.value || (self?.muted ?? false);
  const cameraOff = media.cameraOff.value || (self?.camera_off ?? false);
  const shares = media.screen.value !== undefined;
  return (
    <div class="self-bar" role="group" aria-label={t('bar.label')}>
      <Toggle on={!muted} says={muted ? 'bar.unmute' : 'bar.mute'} keys="Control+Shift+A" onClick={() => me.setMuted(!muted)}>
        {muted ? <MicOff /> : <Mic />}
      </Toggle>
      <Toggle on={!cameraOff} says={cameraOff ? 'bar.cameraOn' : 'bar.cameraOff'} keys="Control+Shift+V" onClick={() => me.setCameraOff(!cameraOff)}>
        {cameraOff ? <CameraOff /> : <Camera />}
      </Toggle>
      {'getDisplayMedia' in (navigator.mediaDevices ?? {}) && (
        <button type="button" class={`bar-toggle${shares ? ' active' : ''}`} onClick={() => (shares ? media.unshare() : (sharing.value = true))}>
          <ScreenShare /><span>{t(shares ? 'bar.unshare' : 'bar.share')}</span>
        </button>
      )}
      <button type="button" class="bar-toggle" onClick={() => (devices.value = true)}><Gear /><span>{t('bar.devices')}</span></button>
      {children}
      <Dialog open={devices.value} close={() => (devices.value = false)} title={t('bar.devices')}>
        <Devices media={media} />
        <div class="actions end"><button type="button" class="button primary" onClick={() => (devices.value = false)}>{t('room.done')}</button></div>
      </Dialog>
      <Dialog open={sharing.value} close={() => (sharing.value = false)} title={t('bar.share')}>
        <p class="dialog-text">{t('bar.shareHow')}</p>
        <div class="actions">
          {(['picture', 'cell'] as const).map((as) => (
            <button type="button" class="button" key={as} onClick={() => ((sharing.value = false), void me.share(as))}>{t(`bar.shareAs.${as}`)}</button>
          ))}
        </div>
      </Dialog>
    </div>
  );
}

/** Ctrl or ⌘ with Shift: A the microphone, V the camera. Gives what stops listening. */
export function barKeys(me: Me): () => void {
  const pressed = (e: KeyboardEvent) => {
    if (!me.sending.value || !e.shiftKey || !(e.ctrlKey || e.metaKey) || e.altKey) return;
    const key = e.key.toLowerCase();
    if (key === 'a') me.setMuted(!me.silenced);
    else if (key === 'v') me.setCameraOff(!me.media.cameraOff.value);
    else return;
    e.preventDefault();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

/** What matters to somebody who sends, at most one thing at a time: the worst first. */
export function SelfNotice({ me, room }: { me: Me; room: Room }) {
  const link = me.publisher.state.value;
  const self = room.person(me.id);
  const replaced = me.returns.replaced.value;
  const words =
    replaced ? t('link.replaced')
    : link.at === 'refused' ? t('self.refused', { why: link.why })
    : link.at === 'waiting' ? t('self.lost', { s: link.seconds, why: link.why })
    : link.at === 'connecting' && link.again ? t('self.connecting')
    : self?.muted ? t('self.mutedByHost')
    : me.talkingMuted.value ? t('self.talkingMuted')
    : self?.camera_off ? t('self.cameraOffByHost')
    : me.publisher.quality.value === 'bad' ? t('self.bad')
    : '';
  return (
    <div class={`self-notice${words ? '' : ' none'}`} role="status">
      {words && <p>{words}</p>}
      {replaced && <button type="button" class="button small" onClick={() => me.here()}>{t('link.here')}</button>}
      {!replaced && words !== '' && link.at === 'waiting' && <button type="button" class="button small" onClick={me.publisher.now}>{t('reach.tryNow')}</button>}
    </div>
  );
}
