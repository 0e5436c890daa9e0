import { useState } from 'preact/hooks';
import { EmailField, NewPasswordField } from './credential-fields.js';
import { useLanguage } from './language.js';
import { MailSent, MemberForm } from './member-form.js';
import { Page } from './page.js';
import { dropLinkToken, PageLink, useLinkToken } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

const AskReset = () => {
  const { t } = useLanguage();
  const [email, setEmail] = useState('');
  const [isSent, setSent] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.askPasswordReset(email.trim());
    setSent(true);
  });
  if (isSent) return <MailSent />;
  return (
    <>
      <p class="lead">{t.member.resetLead}</p>
      <MemberForm submitLabel={t.member.resetAsk} busy={busy} failure={failure} onSubmit={run}>
        <EmailField value={email} onChange={setEmail} />
      </MemberForm>
    </>
  );
};

const SetPassword = ({ token }: { token: string }) => {
  const { t } = useLanguage();
  const [password, setPassword] = useState('');
  const [isDone, setDone] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.resetPassword(token, password);
    setDone(true);
  });
  if (isDone) {
    return (
      <div class="card">
        <p role="status">{t.member.resetDone}</p>
        <PageLink to="/sign-in" class="button primary">
          {t.nav.signIn}
        </PageLink>
      </div>
    );
  }
  return (
    <MemberForm submitLabel={t.member.resetSet} busy={busy} failure={failure} onSubmit={run}>
      <NewPasswordField value={password} onChange={setPassword} />
      {failure === 'TOKEN_INVALID' && (
        <button type="button" onClick={dropLinkToken}>
          {t.member.newLink}
        </button>
      )}
    </MemberForm>
  );
};

/** Without a token it asks for the mail; with the mail's token it takes the new password. */
export const ResetPage = () => {
  const { t } = useLanguage();
  const token = useLinkToken();
  return (
    <Page title={t.member.resetTitle} class="narrow">
      {token === undefined ? <AskReset /> : <SetPassword key={token} token={token} />}
    </Page>
  );
};
