import type { FailureCode } from '../client/stoa-error.js';
import { useLanguage } from './language.js';

/** Says calmly what went wrong; nothing when nothing did. */
export const FailureNote = ({ code }: { code: FailureCode | undefined }) => {
  const { t } = useLanguage();
  return (
    <p class="failure" role="alert">
      {code && t.errors[code]}
    </p>
  );
};
