// Servers that help a connection through a firewall, asked for before it is made:
// OPTIONS of a WHIP or WHEP address tells them in Link headers (RFC 9725, 4.6).

const LINK = /<([^>]*)>((?:\s*;\s*[\w-]+="(?:[^"\\]|\\.)*")*)/g;
const PARAMETER = /;\s*([\w-]+)="((?:[^"\\]|\\.)*)"/g;

/** Those of a Link header; of several, the browser makes one with commas. */
export function iceServers(link: string | null): RTCIceServer[] {
  const all: RTCIceServer[] = [];
  for (const [, urls = '', parameters = ''] of (link ?? '').matchAll(LINK)) {
    const of = new Map([...parameters.matchAll(PARAMETER)].map(([, name, value = '']) => [name, value.replace(/\\(.)/g, '$1')]));
    if (of.get('rel') !== 'ice-server') continue;
    const [username, credential] = [of.get('username'), of.get('credential')];
    all.push(username === undefined || credential === undefined ? { urls } : { urls, username, credential });
  }
  return all;
}

/** What an address tells now: credentials are short-lived. Whatever is wrong with it, the offer will hear. */
export async function iceServersOf(url: string, signal: AbortSignal): Promise<RTCIceServer[]> {
  const answer = await fetch(url, { method: 'OPTIONS', signal }).catch(() => undefined);
  return iceServers(answer?.headers.get('link') ?? null);
}
