import type { Snapshot } from '../client/snapshot.js';
import { CATALOGUES, LANGUAGES, useLanguage } from './language.js';
import { Logo } from './logo.js';
import { PageLink } from './routes.js';

const LanguageSwitch = () => {
  const { t, language, choose } = useLanguage();
  return (
    <div class="language" role="group" aria-label={t.brand.language}>
      {LANGUAGES.map((each) => (
        <button
          type="button"
          key={each}
          lang={each}
          class="quiet"
          aria-pressed={each === language}
          aria-label={CATALOGUES[each].languageName}
          onClick={() => choose(each)}
        >
          {each === 'el' ? 'ΕΛ' : each.toUpperCase()}
        </button>
      ))}
    </div>
  );
};

/** The top of every screen: the mark, the way back into a conversation, the account, the language. */
export const PageHeader = ({ path, snapshot }: { path: string; snapshot: Snapshot }) => {
  const { t } = useLanguage();
  const isAway = path !== '/' && snapshot.phase === 'chatting';
  return (
    <header class="top">
      <a class="skip" href="#content">
        {t.brand.skip}
      </a>
      <PageLink to="/" class="home" label={t.brand.home}>
        <Logo />
        <span aria-hidden="true">Stoa</span>
      </PageLink>
      {isAway && (
        <PageLink to="/" class="button small">
          {t.backToTalk}
        </PageLink>
      )}
      <nav aria-label={t.nav.account}>
        {snapshot.user ? (
          <PageLink to="/account">{t.nav.account}</PageLink>
        ) : (
          <PageLink to="/sign-in">{t.nav.signIn}</PageLink>
        )}
      </nav>
      <LanguageSwitch />
    </header>
  );
};

export const PageFooter = () => {
  const { t } = useLanguage();
  return (
    <footer class="bottom">
      <nav aria-label={t.nav.footer}>
        <PageLink to="/privacy">{t.nav.privacy}</PageLink>
      </nav>
    </footer>
  );
};
