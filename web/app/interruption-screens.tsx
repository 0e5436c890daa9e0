import type { RevokeReason } from '../../src/contracts/socket-events.js';
import { useLanguage } from './language.js';
import { Colonnade } from './logo.js';
import { Page } from './page.js';
import { stranger } from './use-stranger.js';

/** This user is live in another tab or on another device. */
export const ElsewhereScreen = () => {
  const { t } = useLanguage();
  return (
    <Page title={t.elsewhere.title} class="notice-page">
      <Colonnade />
      <p class="lead">{t.elsewhere.text}</p>
      <button type="button" class="primary large" onClick={() => stranger.useHere()}>
        {t.elsewhere.useHere}
      </button>
    </Page>
  );
};

/** The session is over. */
export const RevokedScreen = ({ reason }: { reason: RevokeReason }) => {
  const { t } = useLanguage();
  return (
    <Page title={t.revoked.title} class="notice-page">
      <Colonnade />
      <p class="lead">{t.revoked.reason[reason]}</p>
      {reason !== 'suspended' && (
        <button type="button" class="primary large" onClick={() => stranger.forget()}>
          {t.revoked.again}
        </button>
      )}
    </Page>
  );
};

/** Nothing is known yet, or nobody answers. */
export const WaitingScreen = ({ isUnreachable, onRetry }: { isUnreachable: boolean; onRetry(): void }) => {
  const { t } = useLanguage();
  return (
    <main id="content" class="page notice-page" aria-busy={!isUnreachable}>
      <Colonnade alive={!isUnreachable} />
      <p role="status">{isUnreachable ? t.connection.unreachable : t.connection.connecting}</p>
      {isUnreachable && (
        <button type="button" class="primary" onClick={onRetry}>
          {t.tryAgain}
        </button>
      )}
    </main>
  );
};

export const NotFoundScreen = () => {
  const { t } = useLanguage();
  return (
    <Page title={t.notFound.title} class="notice-page">
      <p class="lead">{t.notFound.text}</p>
      <a class="button" href="/">
        {t.notFound.home}
      </a>
    </Page>
  );
};
