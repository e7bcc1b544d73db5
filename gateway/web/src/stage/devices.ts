// What a browser says of cameras and microphones, in our words.

/** Why there is no camera or microphone; each has its own sentence. */
export type DeviceTrouble = 'denied' | 'none' | 'busy' | 'insecure' | 'gone' | 'failed';

/** Classifies what getUserMedia threw. */
export function troubleOf(error: unknown, secure: boolean): DeviceTrouble {
  if (!secure) return 'insecure';
  const name = (error as { name?: unknown } | null)?.name;
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'busy';
  }
  return 'failed';
}

export interface Choice {
  camera?: string;
  microphone?: string;
  speaker?: string;
  muted?: boolean;
  cameraOff?: boolean;
  name?: string;
}

const KEY = 'regie-devices';

/** What was chosen last time; a damaged memory is none. */
export function remembered(storage: Pick<Storage, 'getItem'> | undefined): Choice {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Choice) : {};
  } catch {
    return {};
  }
}

export function remember(storage: Pick<Storage, 'setItem'> | undefined, choice: Choice): void {
  try {
    storage?.setItem(KEY, JSON.stringify(choice));
  } catch {
    // A private window may keep nothing: then it is asked again next time.
  }
}
