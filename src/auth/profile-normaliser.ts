import type { FieldError } from '../contracts/error-codes.js';
import type { UpdateProfile } from '../contracts/profile.dto.js';
import { InputInvalid } from '../platform/errors/stoa-error.js';

/** Longest nickname and interest (code points). */
const MAX_LENGTH = 24;

/** Controls, lone surrogates, bidirectional overrides and marks, zero-width spaces: nothing that shows. Joiners stay: scripts and emoji need them. */
const INVISIBLE = /[\p{Cc}\p{Cs}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** One line of text as it is stored and shown: NFC, single spaces, nothing invisible. Idempotent. */
export function normaliseText(text: string): string {
  return text.replaceAll(/\s/gu, ' ').replaceAll(INVISIBLE, '').normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
}

/**
 * The texts of a profile, normalised; interests in lower case and without repeats. Idempotent.
 * @throws InputInvalid when a text is empty or too long after that
 */
export function normaliseProfile<Input extends UpdateProfile>(input: Input): Input {
  const errors: FieldError[] = [];
  const text = (value: string, field: string): string => {
    const normal = normaliseText(value);
    if (!VISIBLE.test(normal) || [...normal].length > MAX_LENGTH) errors.push({ field, code: 'length' });
    return normal;
  };
  const interest = (value: string, i: number): string => text(normaliseText(value).toLowerCase(), `interests.${i}`);
  const { nickname, languages, interests, seeks } = input;
  const normal = {
    ...input,
    ...(nickname ? { nickname: text(nickname, 'nickname') } : {}),
    ...(languages ? { languages: unique(languages) } : {}),
    ...(interests ? { interests: unique(interests.map(interest)) } : {}),
    ...(seeks ? { seeks: normaliseSeeks(seeks) } : {}),
  };
  if (errors.length > 0) throw new InputInvalid(errors);
  return normal;
}

function normaliseSeeks({
  genders,
  ageBands,
  anyLanguage,
}: NonNullable<UpdateProfile['seeks']>): UpdateProfile['seeks'] {
  return {
    ...(genders?.length ? { genders: unique(genders) } : {}),
    ...(ageBands?.length ? { ageBands: unique(ageBands) } : {}),
    ...(anyLanguage ? { anyLanguage } : {}),
  };
}

const unique = <Value>(values: Value[]): Value[] => [...new Set(values)];
