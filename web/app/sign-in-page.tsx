import { useState } from 'preact/hooks';
import { EmailField, PasswordField } from './credential-fields.js';
import { useLanguage } from './language.js';
import { MemberForm } from './member-form.js';
import { Page } from './page.js';
import { navigate, PageLink } from './routes.js';
import { stranger, useAction } from './use-stranger.js';

export const SignInPage = () => {
  const { t } = useLanguage();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { run, busy, failure } = useAction(async () => {
    stranger.adopt(await stranger.api.signIn(email.trim(), password));
    navigate('/');
  });
  return (
    <Page title={t.member.signInTitle} class="narrow">
      <MemberForm submitLabel={t.member.signIn} busy={busy} failure={failure} onSubmit={run}>
        <EmailField value={email} onChange={setEmail} />
        <PasswordField value={password} onChange={setPassword} />
      </MemberForm>
      <p>
        <PageLink to="/reset">{t.member.forgot}</PageLink>
      </p>
      <p>
        {t.member.noAccount} <PageLink to="/register">{t.nav.register}</PageLink>
      </p>
    </Page>
  );
};
