import { useEffect, useState } from 'preact/hooks';
import { Store } from '../client/store.js';
import { useLanguage } from './language.js';
import type { Catalogue } from './messages.en.js';
import { useSnapshot } from './use-stranger.js';

const SHOWN_MS = 6_000;

/** A passing word to the person: which text, and a number so that the same word twice is two. */
interface Announcement {
  number: number;
  text: (t: Catalogue) => string;
}

const latest = new Store<Announcement | undefined>(undefined);

/** Shows and reads aloud a short word that needs no answer. */
export const announce = (text: Announcement['text']): void =>
  latest.update((before) => ({ number: (before?.number ?? 0) + 1, text }));

const isKnownNotice = (code: string, t: Catalogue): code is keyof Catalogue['notices'] => code in t.notices;

/** Where announcements, and the server's own notices that this client has words for, appear for some seconds. */
export const Announcer = () => {
  const { t } = useLanguage();
  const { notice } = useSnapshot();
  const [shown, setShown] = useState<Announcement>();
  useEffect(() => latest.subscribe(() => setShown(latest.getSnapshot())), []);
  useEffect(() => {
    const code = notice?.code;
    if (code !== undefined && isKnownNotice(code, t)) announce((texts) => texts.notices[code]);
  }, [notice?.number]);
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(() => setShown(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown?.number]);
  return (
    <div class="announcer" role="status">
      {shown && <p key={shown.number}>{shown.text(t)}</p>}
    </div>
  );
};
