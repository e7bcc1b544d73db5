// Links as people write them: a line each, a label and then the address.

export interface Link {
  label: string;
  url: string;
}

/** The links of a text, or undefined when a line is none. */
export function linksOf(text: string): Link[] | undefined {
  const links: Link[] = [];
  for (const line of text.split('\n').map((l) => l.trim())) {
    if (line === '') continue;
    const [, label = '', url = ''] = /^(.*?)\s*(https?:\/\/[^\s/]\S*)$/.exec(line) ?? [];
    if (!URL.canParse(url)) return undefined;
    links.push({ label: label || new URL(url).host, url });
  }
  return links;
}

export const linesOf = (links: Link[] | null | undefined): string => (links ?? []).map((l) => `${l.label} ${l.url}`).join('\n');
