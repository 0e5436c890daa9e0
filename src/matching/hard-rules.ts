import { UNKNOWN_GENDER } from './ticket.types.js';
import type { Avoids, SearchTicket } from './ticket.types.js';

/** What the hard rules read of a search; `widen` gives it with a broader reach. */
export type Seeker = Pick<
  SearchTicket,
  'userId' | 'gender' | 'ageBand' | 'languages' | 'seeksGenders' | 'seeksAges'
> & {
  /** Also meets people without a common language, if they say so too. Absent: no. */
  readonly anyLanguage?: boolean;
};

/** Whether someone of this gender is sought. A person of unknown gender fits only who seeks anyone. */
export function seeksGender(seeksGenders: number, gender: number): boolean {
  return seeksGenders === 0 || (gender !== UNKNOWN_GENDER && (seeksGenders & (1 << gender)) !== 0);
}

/** Whether someone of this age band is sought. */
export function seeksAge(seeksAges: number, ageBand: number): boolean {
  return seeksAges === 0 || (seeksAges & (1 << ageBand)) !== 0;
}

/** Whether two people can talk: a common language, or both would do without. */
export function canTalk(a: Seeker, b: Seeker): boolean {
  if (a.anyLanguage && b.anyLanguage) return true;
  return a.languages.some((language) => b.languages.includes(language));
}

/** The hard rules, both ways: not the same person, gender and age band sought, a language to talk in, no block and not met lately. */
export function mayMeet(a: Seeker, b: Seeker, avoids: Avoids): boolean {
  return (
    a.userId !== b.userId &&
    seeksGender(a.seeksGenders, b.gender) &&
    seeksGender(b.seeksGenders, a.gender) &&
    seeksAge(a.seeksAges, b.ageBand) &&
    seeksAge(b.seeksAges, a.ageBand) &&
    canTalk(a, b) &&
    !avoids(a.userId, b.userId) &&
    !avoids(b.userId, a.userId)
  );
}
