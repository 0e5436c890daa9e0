import { useId } from 'preact/hooks';
import { useLanguage } from './language.js';

const MIN_PASSWORD = 12;

interface FieldProps {
  value: string;
  onChange(value: string): void;
}

export const EmailField = ({ value, onChange, label }: FieldProps & { label?: string }) => {
  const { t } = useLanguage();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label ?? t.member.email}</label>
      <input
        id={id}
        type="email"
        autocomplete="username"
        required
        maxLength={254}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </div>
  );
};

/** A password that exists already. */
export const PasswordField = ({ value, onChange, label }: FieldProps & { label?: string }) => {
  const { t } = useLanguage();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label ?? t.member.password}</label>
      <input
        id={id}
        type="password"
        autocomplete="current-password"
        required
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </div>
  );
};

/** A password that is being chosen. */
export const NewPasswordField = ({ value, onChange }: FieldProps) => {
  const { t } = useLanguage();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{t.member.newPassword}</label>
      <input
        id={id}
        type="password"
        autocomplete="new-password"
        required
        minLength={MIN_PASSWORD}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        {t.member.passwordHint}
      </p>
    </div>
  );
};
