import { dictionary } from '@zxcvbn-ts/language-common';
import { PASSWORD_MAX, PASSWORD_MIN } from '../contracts/account.dto.js';
import type { FieldErrorCode } from '../contracts/error-codes.js';
import { InputInvalid } from '../platform/errors/stoa-error.js';

/** Words that everybody would try here. */
const CONTEXT = ['stoa', 'stoachat'];
/** Shortest part that counts as a common word. */
const MIN_CORE = 4;

const common = new Set<string>([...dictionary['passwords-common'], ...CONTEXT]);

/** The form that is hashed: NFKC, so that one password typed on two keyboards is one. */
export const normalisePassword = (password: string): string => password.normalize('NFKC');

/**
 * Why a new password is refused; undefined when it will do. Length and guessability only, no rules of composition.
 * @param email canonical; its local part is as easy to guess as the address
 */
export function passwordFault(password: string, email: string): FieldErrorCode | undefined {
  if (/\p{Cs}/u.test(password)) return 'format';
  const normal = normalisePassword(password);
  const length = [...normal].length;
  if (length < PASSWORD_MIN || length > 4 * PASSWORD_MAX) return 'length';
  return isGuessable(normal.toLowerCase(), email) ? 'choice' : undefined;
}

/**
 * @param email canonical; '' while it is not known whose the password is
 * @throws InputInvalid
 */
export function requireGoodPassword(password: string, email: string): void {
  const fault = passwordFault(password, email);
  if (fault) throw new InputInvalid([{ field: 'password', code: fault }]);
}

function isGuessable(password: string, email: string): boolean {
  const [local = ''] = email.split('@');
  if (common.has(password) || isPattern(password)) return true;
  // What is left without digits and signs at both ends: `password2026!` is `password`.
  const core = password.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const unit = smallestUnit(core);
  if (core.length >= MIN_CORE && (common.has(core) || common.has(unit))) return true;
  return local.length >= MIN_CORE && (core === local || smallestUnit(password) === local || password.includes(email));
}

/** One part over and over (`abcabcabcabc`), or a run of neighbours (`123456789012`, `abcdefghijkl`, backwards too). */
function isPattern(password: string): boolean {
  if (smallestUnit(password).length <= MIN_CORE) return true;
  const points = [...password].map((c) => c.codePointAt(0) ?? 0);
  const steps = points.slice(1).map((point, i) => point - (points[i] ?? 0));
  const isRun = (step: number): boolean => steps.filter((s) => s === step).length >= steps.length - 2;
  return isRun(1) || isRun(-1) || isRun(0);
}

/** The shortest text whose repetition is `text`. */
function smallestUnit(text: string): string {
  const at = `${text}${text}`.indexOf(text, 1);
  return text.slice(0, at);
}
