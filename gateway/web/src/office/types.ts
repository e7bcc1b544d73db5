// What the API gives of people, sessions and encoders.
import type { Phase, Role as Seat } from '../app/state';

export type Role = 'admin' | 'creator' | 'moderator';

export interface Me {
  kind: '' | 'account' | 'participant';
  name: string;
  role: string;
  session?: string;
  participant?: string;
  may: string[];
}

export interface User {
  id: string;
  name: string;
  role: Role;
  created: string;
  last_seen?: string;
  disabled: boolean;
}

export interface Passkey {
  id: string;
  name: string;
  site: string;
  synced: boolean;
  created: string;
  last_used?: string;
}

/** How an account can sign in. */
export interface WaysIn {
  password: boolean;
  passkeys: Passkey[];
}

export interface Managed {
  id: string;
  title: string;
  host_name: string;
  starts?: string;
  ends?: string;
  autostart: boolean;
  declared: boolean;
  phase: Phase;
}

export interface StreamKey {
  id: string;
  participant: string;
  name: string;
  created?: string;
  last_used?: string;
  declared: boolean;
}

export interface Invite {
  id: string;
  participant: string;
  seat: Seat;
  name: string;
  created: string;
  expires: string;
  used?: string;
  revoked: boolean;
}

export interface AuditEntry {
  at: string;
  by: string;
  act: string;
  session?: string;
  of?: string;
}

export interface Advice {
  code: string;
  level: 'fix' | 'hint';
  values?: Record<string, number>;
}

export interface Health {
  participant: string;
  name: string;
  state: 'waiting' | 'checking' | 'good' | 'fix';
  protocol?: string;
  video?: {
    codec: string;
    profile?: string;
    width?: number;
    height?: number;
    fps?: number;
    kbps: number;
    kbps_now: number;
    keyframe_seconds?: number;
    no_keyframe_seconds?: number;
    b_frames: number;
  };
  audio?: { codec: string; rate?: number; channels?: number; kbps: number; loudness_lufs?: number };
  av_offset_ms?: number;
  advice?: Advice;
  since?: string;
}

export interface Refusal {
  time: string;
  times: number;
  protocol: string;
  remote: string;
  outcome: string;
  reason: string;
  hint: string;
  participant?: string;
}

/** One that the server fetches. Its address is told without what may be a password. */
export interface Camera {
  participant: string;
  name: string;
  address: string;
  state: 'connecting' | 'connected' | 'retrying';
  trouble?: string;
  reason?: string;
  hint?: string;
  retry?: string;
}

/** Where encoders may send; the server puts it into the page. */
export interface Encoders {
  rtmp?: string;
  rtmps?: string;
  rtsp?: string;
  rtsps?: string;
  whip: boolean;
  self_signed: boolean;
  width: number;
  height: number;
  fps: number;
  kbps: number;
}
