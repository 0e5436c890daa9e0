import { useEffect, useState } from 'preact/hooks';
import { announce } from './announcer.js';
import { useLanguage } from './language.js';
import { stranger, useSnapshot } from './use-stranger.js';

/** A blink of the connection is not worth a word. */
const PATIENCE_MS = 700;

const useBrowserOnline = (): boolean => {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const read = () => {
      setOnline(navigator.onLine);
      if (navigator.onLine) stranger.retryNow();
    };
    const wake = () => {
      if (document.visibilityState === 'visible') stranger.retryNow();
    };
    addEventListener('online', read);
    addEventListener('offline', read);
    document.addEventListener('visibilitychange', wake);
    return () => {
      removeEventListener('online', read);
      removeEventListener('offline', read);
      document.removeEventListener('visibilitychange', wake);
    };
  }, []);
  return isOnline;
};

/** Says that the connection is lost, and that nothing else is. */
export const ConnectionBanner = () => {
  const { t } = useLanguage();
  const { connection } = useSnapshot();
  const isOnline = useBrowserOnline();
  const isDown = connection === 'reconnecting' || (!isOnline && connection !== 'closed');
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isDown) {
      if (isShown) announce((texts) => texts.connection.back);
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isDown]);
  return (
    <div class="banner" role="status">
      {isShown && (
        <p>
          {isOnline ? t.connection.reconnecting : t.connection.offline}{' '}
          {isOnline && (
            <button type="button" class="quiet" onClick={() => stranger.retryNow()}>
              {t.connection.now}
            </button>
          )}
        </p>
      )}
    </div>
  );
};
