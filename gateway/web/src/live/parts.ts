// Replaces the parts of a page that differ in what the server writes now. What it
// wrote before is kept for each, because scripts change what stands in the page. A
// part with a key (data-key) stays as it is until its key is another one.

const written = new WeakMap<Element, string>();

const partsOf = (root: ParentNode): Element[] => [...root.querySelectorAll('[data-part]')];

/** Keeps what the server wrote. Call it before anything is changed. */
export function keep(root: ParentNode): void {
  for (const part of partsOf(root)) written.set(part, part.innerHTML);
}

/** Puts what is different in its place and gives those parts. Focus stays where it was. */
export function replace(page: ParentNode, fresh: ParentNode): Element[] {
  const changed: Element[] = [];
  for (const part of partsOf(page)) {
    const next = fresh.querySelector(`[data-part="${part.getAttribute('data-part')}"]`);
    if (next === null || same(part, next)) continue;
    const focused = placeOf(part);
    written.set(part, next.innerHTML);
    const key = next.getAttribute('data-key');
    if (key !== null) part.setAttribute('data-key', key);
    part.replaceChildren(...next.childNodes);
    if (focused) part.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true });
    changed.push(part);
  }
  return changed;
}

function same(part: Element, next: Element): boolean {
  const key = next.getAttribute('data-key');
  return key === null ? written.get(part) === next.innerHTML : key === part.getAttribute('data-key');
}

/** A selector of what has the focus within a part. */
function placeOf(part: Element): string | undefined {
  const at = document.activeElement;
  if (at === null || !part.contains(at)) return undefined;
  for (const name of ['id', 'data-star', 'href']) {
    const value = at.getAttribute(name);
    if (value !== null) return `[${name}="${CSS.escape(value)}"]`;
  }
  return undefined;
}
