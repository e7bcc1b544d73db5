import { copy, useSaid } from '../app/copy';
import { t } from '../app/i18n';
import { Chevron } from './icons';

export function ShareButton({ title }: { title: string }) {
  const [said, say] = useSaid();
  const share = async () => {
    const url = location.origin + location.pathname;
    if (navigator.share && matchMedia('(pointer: coarse)').matches) {
      return navigator.share({ title, url }).catch(() => {}); // closing the sheet is no error
    }
    await copy(url);
    say();
  };
  return (
    <button type="button" class="button" onClick={share}>
      <span role="status">{t(said ? 'share.copied' : 'share.button')}</span>
    </button>
  );
}

/** The stream's address, for players that are not a browser. */
export function Elsewhere({ path }: { path: string }) {
  const [said, say] = useSaid();
  const url = new URL(path, location.href).href;
  return (
    <details class="panel elsewhere">
      <summary>{t('elsewhere.title')}<Chevron /></summary>
      <p>{t('elsewhere.hint')}</p>
      <div class="copy-field">
        <input readOnly aria-label={t('elsewhere.label')} value={url} onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="button" onClick={() => void copy(url).then(say)}>
          <span role="status">{t(said ? 'elsewhere.copied' : 'elsewhere.copy')}</span>
        </button>
      </div>
    </details>
  );
}
