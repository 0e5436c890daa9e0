import { useState } from 'preact/hooks';
import { EmailField, NewPasswordField } from './credential-fields.js';
import { useLanguage } from './language.js';
import { MailSent, MemberForm } from './member-form.js';
import { Page } from './page.js';
import { PageLink, useLinkToken } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

/** Asks for an account; a guest who does keeps profile and blocks. */
export const RegisterPage = () => {
  const { t } = useLanguage();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isSent, setSent] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    await stranger.api.register(email.trim(), password);
    setSent(true);
  });
  return (
    <Page title={t.member.registerTitle} class="narrow">
      {isSent ? (
        <MailSent />
      ) : (
        <>
          <p class="lead">{t.member.registerLead}</p>
          <MemberForm submitLabel={t.member.register} busy={busy} failure={failure} onSubmit={run}>
            <EmailField value={email} onChange={setEmail} />
            <NewPasswordField value={password} onChange={setPassword} />
          </MemberForm>
          <p>
            {t.member.haveAccount} <PageLink to="/sign-in">{t.nav.signIn}</PageLink>
          </p>
        </>
      )}
    </Page>
  );
};

/** Where the mail's link leads. Confirming takes a click: a program that only opens links confirms nothing. */
export const ConfirmPage = () => {
  const { t } = useLanguage();
  const token = useLinkToken();
  const [isDone, setDone] = useState(false);
  const { run, busy, failure } = useAction(async () => {
    stranger.adopt(await stranger.api.confirmRegistration(token ?? ''));
    setDone(true);
  });
  return (
    <Page title={t.member.confirmTitle} class="narrow">
      {isDone && (
        <div class="card">
          <p role="status">{t.member.confirmed}</p>
          <PageLink to="/" class="button primary">
            {t.member.go}
          </PageLink>
        </div>
      )}
      {!isDone && token === undefined && <p role="alert">{t.member.linkMissing}</p>}
      {!isDone && token !== undefined && (
        <MemberForm submitLabel={t.member.confirm} busy={busy} failure={failure} onSubmit={run}>
          <p>{t.member.confirmLead}</p>
        </MemberForm>
      )}
    </Page>
  );
};
