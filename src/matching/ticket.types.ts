import type { AGE_BANDS, GENDERS } from '../contracts/profile.dto.js';

/** `SearchTicket.gender` of a person who named none: fits only someone who seeks anyone. Genders are 0..2, in the order of `GENDERS`. */
export const UNKNOWN_GENDER = 3 satisfies (typeof GENDERS)['length'];

/** How many age bands there are. */
export const AGE_BAND_COUNT = 5 satisfies (typeof AGE_BANDS)['length'];

/** `SearchTicket.region` of a person whose region is not known: the same region as nobody. */
export const UNKNOWN_REGION = 0;

/**
 * A waiting search as the picker sees it: small numbers instead of texts, so that a hundred thousand fit in memory and compare fast.
 * Never changed in place: an edit is a new ticket with a higher version.
 */
export interface SearchTicket {
  readonly searchId: string;
  readonly userId: string;
  /** Rises with every edit of the search; a claim on an older version is refused. */
  readonly version: number;
  /** When the search began, ms of the shard's clock; kept through edits and refused claims. */
  readonly sinceMs: number;
  /** Position in `GENDERS`, or `UNKNOWN_GENDER`. */
  readonly gender: number;
  /** Position in `AGE_BANDS`: neighbours are one band apart. */
  readonly ageBand: number;
  /** 1..3 positions in `LANGUAGES`, the best spoken first. */
  readonly languages: readonly number[];
  /** 0..10 ids from `InterestTags`, ascending, no id twice. */
  readonly interests: readonly number[];
  /** One bit per position in `GENDERS`; 0 = anyone. Never widened. */
  readonly seeksGenders: number;
  /** One bit per position in `AGE_BANDS`; 0 = anyone. */
  readonly seeksAges: number;
  /** Any small number above 0 that is equal for people of one region; `UNKNOWN_REGION` otherwise. */
  readonly region: number;
  /** 0..1 from reputation; 1 for a newcomer. Orders who is met, never how soon. */
  readonly trust: number;
  /** Would rather talk without a common language than wait on; counts only when both say so, and only once widened. */
  readonly opensLanguage: boolean;
}

/** Two searches that the picker would join, and what the pair is worth (0..1). */
export interface ProposedPair {
  readonly a: SearchTicket;
  readonly b: SearchTicket;
  readonly score: number;
}

/** Whether these two users must not meet: a block, or a recent conversation. Asked symmetrically; answers from memory. */
export type Avoids = (userId: string, otherId: string) => boolean;
