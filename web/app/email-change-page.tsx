import { useState } from 'preact/hooks';
import { EmailField, PasswordField } from './credential-fields.js';
import { useLanguage } from './language.js';
import { MailSent, MemberForm } from './member-form.js';
import { Page } from './page.js';
import { dropLinkToken, PageLink, useLinkToken } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

const AskChange = () => {
  const { t } = useLanguage();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isSent, setSent] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.askEmailChange(email.trim(), password);
    setSent(true);
  });
  if (isSent) return <MailSent />;
  return (
    <MemberForm submitLabel={t.account.changeEmail} busy={busy} failure={failure} onSubmit={run}>
      <EmailField label={t.member.newEmail} value={email} onChange={setEmail} />
      <PasswordField label={t.member.currentPassword} value={password} onChange={setPassword} />
    </MemberForm>
  );
};

const ConfirmChange = ({ token }: { token: string }) => {
  const { t } = useLanguage();
  const [isDone, setDone] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.confirmEmailChange(token);
    await stranger.reloadUser();
    setDone(true);
  });
  if (isDone) {
    return (
      <div class="card">
        <p role="status">{t.member.emailChangeDone}</p>
        <PageLink to="/" class="button primary">
          {t.member.go}
        </PageLink>
      </div>
    );
  }
  return (
    <MemberForm submitLabel={t.member.confirm} busy={busy} failure={failure} onSubmit={run}>
      <p>{t.member.emailChangeConfirmLead}</p>
      {failure === 'TOKEN_INVALID' && (
        <button type="button" onClick={dropLinkToken}>
          {t.member.newLink}
        </button>
      )}
    </MemberForm>
  );
};

/** Without a token it asks for the change; with the mail's token it confirms it. */
export const EmailChangePage = () => {
  const { t } = useLanguage();
  const token = useLinkToken();
  return (
    <Page title={t.member.emailChangeTitle} class="narrow">
      {token === undefined ? <AskChange /> : <ConfirmChange key={token} token={token} />}
    </Page>
  );
};
