import type { ComponentChildren } from 'preact';
import { t } from '../app/i18n';
import { MicOff } from '../components/icons-stage';
import { onAir, type Desk, type Person } from './desk';
import { Video } from './Video';

interface Props {
  desk: Desk;
  person: Person;
  stream: MediaStream | undefined;
  mirrored?: boolean;
  still?: boolean; // for our thin link
  children?: ComponentChildren;
}

export const isMuted = (p: Person): boolean => p.muted || p.self_muted;
export const isDark = (p: Person): boolean => p.camera_off || p.self_camera_off;

/** A person's picture, or their initial while there is none, with their name. */
export const Tile = ({ desk, person, stream, mirrored, still, children }: Props) => (
  <div class={`stage-tile${onAir(desk, person) ? ' on-air' : ''}`}>
    {stream && !isDark(person) ? (
      <Video stream={stream} mirrored={mirrored ?? false} label={t('tile.picture', { name: person.name })} />
    ) : (
      <span class="stage-initial" aria-hidden="true">{initial(person.name)}</span>
    )}
    {still && stream && !isDark(person) && <p class="stage-still" role="status">{t('tile.still')}</p>}
    <p class="stage-name">
      {isMuted(person) && <><MicOff /><span class="unseen">{t('tile.muted')}</span></>}
      <span>{nameOf(person)}</span>
    </p>
    {children}
  </div>
);

export const nameOf = (p: Person): string => (p.of ? t('tile.screen', { name: p.name }) : p.name);

export const initial = (name: string): string => [...name][0]?.toLocaleUpperCase() ?? '';
