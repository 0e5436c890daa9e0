import { Dialog } from './dialog.js';
import { useLanguage } from './language.js';

/** The warning before a link that a stranger sent: names the host, shows the whole address, and opens it only then. */
export const LinkDialog = ({ url, onClose }: { url: string; onClose(): void }) => {
  const { t } = useLanguage();
  return (
    <Dialog title={t.link.title} onClose={onClose}>
      <p>{t.link.text}</p>
      <p>
        {t.link.goesTo} <strong>{new URL(url).host}</strong>
      </p>
      <p class="address">{url}</p>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
        <a class="button" href={url} target="_blank" rel="noopener noreferrer nofollow" onClick={onClose}>
          {t.link.open}
        </a>
      </div>
    </Dialog>
  );
};
