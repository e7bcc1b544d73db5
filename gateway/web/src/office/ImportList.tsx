// What a file would change, or what is odd in it, in the server's sentences.
export interface Imported {
  changes: string[] | null;
  warnings: string[] | null;
}

export const ImportList = ({ title, of, head: Head = 'h3' }: { title: string; of: string[]; head?: 'h3' | 'h4' }) => (
  <section class="import-list">
    <Head>{title}</Head>
    <ul tabIndex={0} aria-label={title}>{of.map((line, i) => <li key={i} lang="en">{line}</li>)}</ul>
  </section>
);
