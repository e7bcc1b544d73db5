// What the two clients of WebRTC have in common: one POST with an offer (no
// trickle: the server's addresses stand in its answer, and ours are found by the
// first check), one DELETE at the end.
import { problemOf } from '../app/api';
import { t } from '../app/i18n';
import { type Attempt, Loss } from './link';

/** How long until media can flow, or the attempt has failed. */
const CONNECT_MS = 12_000;
/** A path that has been silent so long will not speak again. */
const SILENT_MS = 4_000;

/** Statuses that another try would not change. */
const isFinal = (status: number) => [400, 401, 403, 404, 405, 410, 422].includes(status);

export interface Exchange {
  pc: RTCPeerConnection;
  url: string;
  /** Sent as Authorization: Bearer. */
  token?: string;
  /** Of the offer and of the answer. */
  ours?: (sdp: string) => string;
  theirs?: (sdp: string) => string;
}

/** Posts the offer and settles when the connection stands. */
export async function exchange(x: Exchange, lost: (loss: Loss) => void, signal: AbortSignal): Promise<Attempt> {
  const { pc } = x;
  const authorization: Record<string, string> = x.token === undefined ? {} : { authorization: `Bearer ${x.token}` };
  let resource: string | undefined;
  const leave = () => {
    pc.close();
    removeEventListener('pagehide', leave);
    if (resource === undefined) return;
    // keepalive: the request outlives the page.
    void fetch(resource, { method: 'DELETE', headers: authorization, keepalive: true }).catch(() => {});
    resource = undefined;
  };
  addEventListener('pagehide', leave);
  try {
    const offer = await pc.createOffer();
    const sdp = (x.ours ?? same)(offer.sdp ?? '');
    await pc.setLocalDescription({ type: 'offer', sdp });
    const answer = await fetch(x.url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', ...authorization },
      body: sdp,
      signal,
    }).catch((error: unknown) => {
      throw signal.aborted ? error : new Loss(t('api.unreachable'));
    });
    if (answer.status !== 201) {
      const problem = await problemOf(answer);
      throw new Loss(problem.message, isFinal(answer.status));
    }
    const location = answer.headers.get('location');
    if (location !== null) resource = new URL(location, answer.url).href;
    await pc.setRemoteDescription({ type: 'answer', sdp: (x.theirs ?? same)(await answer.text()) });
    await standing(pc, signal);
    watch(pc, lost);
    return { close: leave };
  } catch (error) {
    leave();
    throw error;
  }
}

const same = (sdp: string) => sdp;

function standing(pc: RTCPeerConnection, signal: AbortSignal): Promise<void> {
  return new Promise((stands, fails) => {
    const timer = setTimeout(() => fails(new Loss(t('link.blocked'))), CONNECT_MS);
    const check = () => {
      if (pc.connectionState === 'connected') stands();
      else if (pc.connectionState === 'failed') fails(new Loss(t('link.blocked')));
      else return;
      clearTimeout(timer);
    };
    signal.addEventListener('abort', () => (clearTimeout(timer), fails(new Loss(t('link.lost')))));
    pc.addEventListener('connectionstatechange', check);
    check();
  });
}

// When the server lets us go, DTLS closes within a moment; the connection's own
// state would take 7 s to doubt and 17 s to fail.
function watch(pc: RTCPeerConnection, lost: (loss: Loss) => void): void {
  const gone = () => lost(new Loss(t('link.lost')));
  const transport = pc.getTransceivers()[0]?.receiver.transport ?? pc.getSenders()[0]?.transport;
  transport?.addEventListener('statechange', () => {
    if (transport.state === 'closed' || transport.state === 'failed') gone();
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  pc.addEventListener('connectionstatechange', () => {
    clearTimeout(timer);
    if (pc.connectionState === 'failed') gone();
    if (pc.connectionState === 'disconnected') timer = setTimeout(gone, SILENT_MS);
  });
}

/** Puts the codecs of one kind in our order: `first` before the rest, only `first` when the rest will not do. */
export function prefer(transceiver: RTCRtpTransceiver, kind: 'video' | 'audio', rank: (codec: RTCRtpCodec) => number): void {
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const ranked = codecs.filter((c) => rank(c) < Infinity).sort((a, b) => rank(a) - rank(b));
  if (ranked.length > 0) transceiver.setCodecPreferences(ranked);
}
