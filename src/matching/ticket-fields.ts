import { AGE_BANDS, GENDERS } from '../contracts/profile.dto.js';
import type { AgeBand, Gender } from '../contracts/profile.dto.js';
import { LANGUAGES } from '../contracts/languages.js';
import { UNKNOWN_GENDER } from './ticket.types.js';

/** The bits of a list, one per position in `all`. No list, an empty one and a whole one all mean anyone: 0. */
export function maskOf<T>(all: readonly T[], chosen: readonly T[] = []): number {
  const mask = chosen.reduce((bits, value) => bits | (1 << all.indexOf(value)), 0);
  return mask === (1 << all.length) - 1 ? 0 : mask;
}

/** `SearchTicket.gender` of a profile. */
export function genderIndex(gender: Gender | undefined): number {
  return gender === undefined ? UNKNOWN_GENDER : GENDERS.indexOf(gender);
}

/** `SearchTicket.ageBand` of a profile. */
export function ageBandIndex(ageBand: AgeBand): number {
  return AGE_BANDS.indexOf(ageBand);
}

/** `SearchTicket.languages` of a profile. Unknown tags cannot occur: the contract refuses them. */
export function languageIndexes(tags: readonly string[]): number[] {
  return tags.map((tag) => LANGUAGES.indexOf(tag));
}
