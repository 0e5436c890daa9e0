import { useEffect, useState } from 'preact/hooks';
import type { SessionView } from '../../src/contracts/http.dto.js';
import type { BlockView } from '../../src/contracts/safety.dto.js';
import type { User } from '../../src/contracts/state.dto.js';
import { AccountData } from './account-data.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { forget } from './local-memory.js';
import { Page } from './page.js';
import { navigate, PageLink } from './routes.js';
import { dateText } from './time-text.js';
import { stranger, useAction, useSnapshot } from './use-stranger.js';

const Sessions = () => {
  const { t, language } = useLanguage();
  const [sessions, setSessions] = useState<SessionView[]>();
  const list = useAction(async () => setSessions((await stranger.api.sessions()).sessions));
  const end = useAction(async (id: string) => {
    await stranger.api.endSession(id);
    setSessions((before) => before?.filter((session) => session.id !== id));
  });
  useEffect(() => list.run(), []);
  return (
    <section class="card">
      <h2>{t.account.sessions}</h2>
      <ul class="rows">
        {sessions?.map((session) => (
          <li key={session.id}>
            <span>
              <strong>{session.client}</strong>{' '}
              <span class="hint">
                {session.current ? t.account.thisSession : t.account.lastSeen(dateText(session.lastSeenAt, language))}
                {' · '}
                {t.account.since(dateText(session.createdAt, language))}
              </span>
            </span>
            {!session.current && (
              <button
                type="button"
                class="quiet"
                disabled={end.busy}
                aria-label={t.account.endSessionLabel(session.client)}
                onClick={() => end.run(session.id)}
              >
                {t.account.endSession}
              </button>
            )}
          </li>
        ))}
      </ul>
      <FailureNote code={list.failure ?? end.failure} />
    </section>
  );
};

const Blocks = () => {
  const { t, language } = useLanguage();
  const [blocks, setBlocks] = useState<BlockView[]>();
  const list = useAction(async () => setBlocks((await stranger.api.blocks()).blocks));
  const lift = useAction(async (id: string) => {
    await stranger.api.unblock(id);
    setBlocks((before) => before?.filter((block) => block.id !== id));
  });
  useEffect(() => list.run(), []);
  return (
    <section class="card">
      <h2>{t.account.blocks}</h2>
      {blocks?.length === 0 && <p class="hint">{t.account.noBlocks}</p>}
      <ul class="rows">
        {blocks?.map((block) => (
          <li key={block.id}>
            <span>
              <strong>{block.nickname}</strong> <span class="hint">{dateText(block.createdAt, language)}</span>
            </span>
            <button
              type="button"
              class="quiet"
              disabled={lift.busy}
              aria-label={t.account.unblockLabel(block.nickname)}
              onClick={() => lift.run(block.id)}
            >
              {t.account.unblock}
            </button>
          </li>
        ))}
      </ul>
      <FailureNote code={list.failure ?? lift.failure} />
    </section>
  );
};

const Identity = ({ user }: { user: User }) => {
  const { t } = useLanguage();
  const isMember = user.kind === 'member';
  const signOut = useAction(async () => {
    await stranger.signOut();
    forget('profile');
    navigate('/');
  });
  return (
    <section class="card">
      <p>{isMember ? t.account.memberAs(user.email ?? '') : t.account.guest}</p>
      <div class="buttons">
        {isMember ? (
          <PageLink to="/email-change" class="button">
            {t.account.changeEmail}
          </PageLink>
        ) : (
          <PageLink to="/register" class="button primary">
            {t.nav.register}
          </PageLink>
        )}
        <button type="button" disabled={signOut.busy} onClick={() => signOut.run()}>
          {t.account.signOut}
        </button>
      </div>
      {!isMember && <p class="hint">{t.account.signOutGuest}</p>}
      <FailureNote code={signOut.failure} />
    </section>
  );
};

/** Who one is here, where one is signed in, whom one blocked, and the end of it all. */
export const AccountPage = () => {
  const { t } = useLanguage();
  const { user } = useSnapshot();
  return (
    <Page title={t.account.title} class="narrow">
      {user ? (
        <>
          <Identity user={user} />
          <Sessions />
          <Blocks />
          <AccountData user={user} />
        </>
      ) : (
        <p class="lead">
          {t.account.nobody} <PageLink to="/sign-in">{t.nav.signIn}</PageLink>
        </p>
      )}
    </Page>
  );
};
