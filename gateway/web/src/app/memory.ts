// What a browser remembers for its visitor. In a frame of another site it may
// refuse to, and then the page works without.

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Full, or not allowed: it is forgotten with the page.
  }
}
