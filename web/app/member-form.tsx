import type { ComponentChildren } from 'preact';
import type { FailureCode } from '../client/stoa-error.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';

interface MemberFormProps {
  submitLabel: string;
  busy: boolean;
  failure: FailureCode | undefined;
  onSubmit(): void;
  children?: ComponentChildren;
}

/** A small form of the member pages: fields, what went wrong, one button. */
export const MemberForm = ({ submitLabel, busy, failure, onSubmit, children }: MemberFormProps) => {
  const { t } = useLanguage();
  return (
    <form
      class="card member"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <FailureNote code={failure} />
      <button type="submit" class="primary" disabled={busy}>
        {busy ? t.loading : submitLabel}
      </button>
    </form>
  );
};

/** The same answer whether or not there is such an account. */
export const MailSent = () => {
  const { t } = useLanguage();
  return (
    <div class="card" role="status">
      <h2>{t.member.checkMail}</h2>
      <p>{t.member.mailSent}</p>
    </div>
  );
};
