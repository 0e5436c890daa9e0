import { useEffect, useState } from 'preact/hooks';
import type { Snapshot } from '../client/snapshot.js';
import { AccountPage } from './account-page.js';
import { Announcer } from './announcer.js';
import { ArriveScreen } from './arrive-screen.js';
import { ConnectionBanner } from './connection-banner.js';
import { EmailChangePage } from './email-change-page.js';
import { EndedScreen } from './ended-screen.js';
import { ElsewhereScreen, NotFoundScreen, RevokedScreen, WaitingScreen } from './interruption-screens.js';
import { ConfirmPage, RegisterPage } from './register-pages.js';
import { PageFooter, PageHeader } from './page-frame.js';
import type { ClientPath } from '../../src/contracts/client-paths.js';
import { PrivacyPage } from './privacy-page.js';
import { ResetPage } from './reset-page.js';
import { usePath } from './routes.js';
import { SearchScreen } from './search-screen.js';
import { SignInPage } from './sign-in-page.js';
import { TalkScreen } from './talk-screen.js';
import { stranger, useSnapshot } from './use-stranger.js';

type Boot = 'waiting' | 'done' | 'unreachable';

/** What a person is doing, as one screen. */
const Conversation = ({ snapshot }: { snapshot: Snapshot }) => {
  const { connection, phase, chat, past, user } = snapshot;
  if (connection === 'revoked') return <RevokedScreen reason={snapshot.revokeReason ?? 'expired'} />;
  if (connection === 'superseded') return <ElsewhereScreen />;
  if (user && phase === 'unknown') return <WaitingScreen isUnreachable={false} onRetry={() => stranger.retryNow()} />;
  if (phase === 'chatting' && chat) return <TalkScreen key={chat.conversation.id} chat={chat} snapshot={snapshot} />;
  if (phase === 'searching') return <SearchScreen snapshot={snapshot} />;
  if (past) return <EndedScreen key={past.conversation.id} past={past} snapshot={snapshot} />;
  return <ArriveScreen user={user} />;
};

const PAGES: Record<Exclude<ClientPath, '/'>, () => preact.JSX.Element> = {
  '/account': AccountPage,
  '/confirm': ConfirmPage,
  '/email-change': EmailChangePage,
  '/privacy': PrivacyPage,
  '/register': RegisterPage,
  '/reset': ResetPage,
  '/sign-in': SignInPage,
};

const isPage = (path: string): path is keyof typeof PAGES => path in PAGES;

export const App = () => {
  const path = usePath();
  const snapshot = useSnapshot();
  const [boot, setBoot] = useState<Boot>('waiting');
  const resume = () => {
    setBoot('waiting');
    stranger.resume().then(
      () => setBoot('done'),
      () => setBoot('unreachable'),
    );
  };
  useEffect(resume, []);

  const screen = () => {
    if (isPage(path)) {
      const Shown = PAGES[path];
      return <Shown key={path} />;
    }
    if (path !== '/') return <NotFoundScreen />;
    if (boot !== 'done' && !snapshot.user)
      return <WaitingScreen isUnreachable={boot === 'unreachable'} onRetry={resume} />;
    return <Conversation snapshot={snapshot} />;
  };
  const isTalk =
    path === '/' && (snapshot.phase === 'chatting' || (snapshot.phase === 'idle' && snapshot.past !== undefined));
  return (
    <div class={isTalk ? 'frame fixed' : 'frame'}>
      <PageHeader path={path} snapshot={snapshot} />
      <ConnectionBanner />
      {screen()}
      {!isTalk && <PageFooter />}
      <Announcer />
    </div>
  );
};
