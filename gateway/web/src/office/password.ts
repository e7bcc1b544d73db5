export const LEAST = 12;

export type Strength = 'short' | 'weak' | 'fair' | 'good';

/**
 * How good a password is, roughly: its length counts most, and what is easily
 * guessed (one letter again and again, a row of keys, one's own name) counts little.
 */
export function strength(password: string, name = ''): Strength {
  const letters = Array.from(password);
  if (letters.length < LEAST) return 'short';
  const plain = password.toLowerCase();
  const own = name.trim().toLowerCase();
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((k) => k.test(password)).length;
  const different = new Set(plain).size;
  if (different < 6 || /password|passwort|motdepasse|azerty|qwerty|123456|abcdef/.test(plain) || (own.length > 3 && plain.includes(own))) return 'weak';
  return letters.length >= 16 || (letters.length >= 14 && kinds >= 3) ? 'good' : 'fair';
}
