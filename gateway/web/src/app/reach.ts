// Whether somebody else can use a link that begins as this page's address does.

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** What stands in the way of a person elsewhere, if anything does. */
export function hurdle(at: Pick<URL, 'hostname' | 'protocol'>): 'seats.hereOnly' | 'seats.notSecure' | undefined {
  if (LOOPBACK.test(at.hostname)) return 'seats.hereOnly';
  return at.protocol === 'https:' ? undefined : 'seats.notSecure';
}
