import { useEffect, useState } from 'preact/hooks';
import type { User } from '../../src/contracts/state.dto.js';
import { announce } from './announcer.js';
import { Dialog } from './dialog.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { forget } from './local-memory.js';
import { navigate } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

const ASK_AGAIN_MS = 3_000;

/** A copy of everything: a member gets its link by mail, a guest here. */
const Export = ({ user }: { user: User }) => {
  const { t } = useLanguage();
  const [isAsked, setAsked] = useState(false);
  const [url, setUrl] = useState<string>();
  const isGuest = user.kind === 'guest';
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.askExport();
    setAsked(true);
  });
  useEffect(() => {
    if (!isAsked || !isGuest || url !== undefined) return;
    const timer = setInterval(() => {
      stranger.api.exportStatus().then(
        (status) => setUrl(status.url),
        () => undefined,
      );
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isAsked, isGuest, url]);
  return (
    <section class="card">
      <h2>{t.account.export}</h2>
      <p>{t.account.exportText}</p>
      {isAsked ? (
        <p role="status">{isGuest ? url === undefined && t.account.exportWait : t.account.exportMail}</p>
      ) : (
        <button type="button" disabled={busy} onClick={() => run()}>
          {t.account.exportAsk}
        </button>
      )}
      {url !== undefined && (
        <a class="button primary" href={url} download>
          {t.account.exportReady}
        </a>
      )}
      <FailureNote code={failure} />
    </section>
  );
};

const Erase = () => {
  const { t } = useLanguage();
  const [isAsking, setAsking] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.eraseMe();
    forget('profile');
    announce((texts) => texts.account.erased);
    navigate('/');
  });
  return (
    <section class="card">
      <h2>{t.account.erase}</h2>
      <p>{t.account.eraseText}</p>
      <button type="button" class="danger" onClick={() => setAsking(true)}>
        {t.account.erase}
      </button>
      {isAsking && (
        <Dialog title={t.account.erase} onClose={() => setAsking(false)}>
          <p>{t.account.eraseText}</p>
          <FailureNote code={failure} />
          <div class="buttons">
            <button type="button" onClick={() => setAsking(false)}>
              {t.cancel}
            </button>
            <button type="button" class="danger" disabled={busy} onClick={() => run()}>
              {t.account.eraseConfirm}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
};

export const AccountData = ({ user }: { user: User }) => (
  <>
    <Export user={user} />
    <Erase />
  </>
);
