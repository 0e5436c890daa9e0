import { useEffect, useState } from 'preact/hooks';
import type { ExportStatus } from '../../src/contracts/privacy.dto.js';
import type { User } from '../../src/contracts/state.dto.js';
import { announce } from './announcer.js';
import { Dialog } from './dialog.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { forget } from './local-memory.js';
import { navigate } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

const ASK_AGAIN_MS = 3_000;

/** A copy of everything: a member gets its link by mail, a guest here, also one who asked before and comes back. */
const Export = ({ user }: { user: User }) => {
  const { t } = useLanguage();
  const [isAsked, setAsked] = useState(false);
  const [copy, setCopy] = useState<ExportStatus>();
  const isGuest = user.kind === 'guest';
  const look = (): Promise<void> => stranger.api.exportStatus().then(setCopy, () => undefined);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.askExport();
    setAsked(true);
  });
  const link = isGuest ? copy?.link : undefined;
  const isWaiting = isAsked || copy?.status === 'preparing' || link !== undefined;
  useEffect(() => {
    if (isGuest) void look();
  }, [isGuest]);
  useEffect(() => {
    if (!isWaiting || !isGuest || link !== undefined) return;
    const timer = setInterval(() => void look(), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting, isGuest, link]);
  return (
    <section class="card">
      <h2>{t.account.export}</h2>
      <p>{t.account.exportText}</p>
      {isWaiting ? (
        <p role="status">{isGuest ? link === undefined && t.account.exportWait : t.account.exportMail}</p>
      ) : (
        <button type="button" disabled={busy} onClick={() => run()}>
          {t.account.exportAsk}
        </button>
      )}
      {link !== undefined && (
        <a class="button primary" href={link} download>
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
