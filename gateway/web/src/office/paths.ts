/** Where next may lead after signing in: a path of this server, else home. */
export function ownPath(next: string | null, home = '/admin'): string {
  if (next === null || !next.startsWith('/') || /[\\\s]/.test(next)) return home;
  const at = new URL(next, 'http://here.invalid');
  return at.host === 'here.invalid' && !next.startsWith('//') ? at.pathname + at.search + at.hash : home;
}

/** The setup token in the address: /setup#TOKEN or /setup?token=TOKEN. */
export function setupToken(hash: string, search: string): string {
  return decodeURIComponent(hash.replace(/^#/, '')) || (new URLSearchParams(search).get('token') ?? '');
}
