// Passkeys, as the browser has them. What the server sends and gets is the JSON of
// WebAuthn, which is read and written here by hand: the browser's own functions for
// it are younger than passkeys, and what password managers put in their place
// often lacks them.
import { api, sentence } from '../app/api';
import { t } from '../app/i18n';

/** Why there are no passkeys on this page, in a sentence; empty if there are. */
export function withoutPasskeys({ hostname = location.hostname, secure = isSecureContext, known = typeof PublicKeyCredential !== 'undefined' } = {}): string {
  if (/^[\d.]+$|^\[/.test(hostname) || !secure) return t('passkeys.address');
  return known ? '' : t('passkeys.browser');
}

/** Whether the browser offers passkeys where a name is typed. */
export const offersPasskeys = async (): Promise<boolean> =>
  !withoutPasskeys() && ((await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) ?? false);

export const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

export const encode = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

type Make = PublicKeyCredentialCreationOptionsJSON;
type Get = PublicKeyCredentialRequestOptionsJSON;

/** Asks the server, then an authenticator for a new passkey; gives its answer. */
export async function makePasskey(where: string, body: object): Promise<object> {
  const { publicKey } = await api<{ publicKey: Make }>('POST', where, body);
  const options = {
    ...publicKey,
    challenge: decode(publicKey.challenge),
    user: { ...publicKey.user, id: decode(publicKey.user.id) },
    excludeCredentials: publicKey.excludeCredentials?.map((c) => ({ ...c, id: decode(c.id) })) ?? [],
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await asked(navigator.credentials.create({ publicKey: options }));
  const r = made.response as AuthenticatorAttestationResponse;
  return answer(made, { attestationObject: encode(r.attestationObject), transports: r.getTransports?.() ?? [] });
}

/** A passkey's answer to the server, of one that the person chooses now; with a signal, of one chosen where a name is typed. */
export async function usePasskey(signal?: AbortSignal): Promise<object> {
  const { publicKey } = await api<{ publicKey: Get }>('POST', 'signin/passkey/options', undefined, signal);
  const options = { ...publicKey, challenge: decode(publicKey.challenge) } as unknown as PublicKeyCredentialRequestOptions;
  const got = await asked(navigator.credentials.get({ publicKey: options, ...(signal && { signal, mediation: 'conditional' }) }));
  const r = got.response as AuthenticatorAssertionResponse;
  return answer(got, {
    authenticatorData: encode(r.authenticatorData),
    signature: encode(r.signature),
    ...(r.userHandle && { userHandle: encode(r.userHandle) }),
  });
}

function answer(c: PublicKeyCredential, response: object): object {
  const clientDataJSON = encode(c.response.clientDataJSON);
  return { id: c.id, rawId: encode(c.rawId), type: c.type, response: { clientDataJSON, ...response }, clientExtensionResults: {} };
}

/** An authenticator's answer, or a sentence for why there is none. */
async function asked(of: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const c = await of;
    if (c) return c as PublicKeyCredential;
  } catch (error) {
    if ((error as DOMException).name === 'AbortError') throw error;
    throw new Error(refusal((error as DOMException).name, error), { cause: error });
  }
  throw new Error(refusal('NotAllowedError'));
}

export function refusal(name: string, error?: unknown): string {
  switch (name) {
    case 'NotAllowedError':
      return t('passkeys.cancelled');
    case 'InvalidStateError':
      return t('passkeys.already');
    case 'SecurityError':
      return t('passkeys.address');
    case 'NotSupportedError':
    case 'ConstraintError':
      return t('passkeys.unable');
  }
  return sentence(error);
}

/** What to call a passkey that is made here. */
export const deviceName = (agent = navigator.userAgent): string =>
  ['iPhone', 'iPad', 'Android', 'CrOS', 'Windows', 'Mac', 'Linux'].find((d) => agent.includes(d))?.replace('CrOS', 'Chromebook') ?? t('passkeys.one');
