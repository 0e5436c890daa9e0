import { AGE_BANDS, GENDERS } from '../contracts/profile.dto.js';
import type { InterestTags } from './interest-tags.js';
import type { SearchInput } from './search.types.js';
import { ageBandIndex, genderIndex, languageIndexes, maskOf } from './ticket-fields.js';
import { UNKNOWN_REGION } from './ticket.types.js';
import type { SearchTicket } from './ticket.types.js';
import type { ProfileFacts } from './waiting-profile.js';

/** The attributes of a search as they travel: gender, age band, languages, interests (texts), seeksGenders, seeksAges, and 1 if any language will do. */
type Packed = [number, number, number[], string[], number, number, 1?];

/** What Redis knows of a waiting search, still packed. */
export interface PackedTicket {
  readonly searchId: string;
  readonly userId: string;
  readonly version: number;
  readonly sinceMs: number;
  readonly attrs: string;
  /** Whether there are people that this user must not meet. */
  readonly hasLists: boolean;
}

/** Equal inputs give equal texts: a start that changes nothing makes no new version. */
export function packAttributes({ gender, ageBand, languages, interests, seeks }: SearchInput): string {
  const packed: Packed = [
    genderIndex(gender),
    ageBandIndex(ageBand),
    languageIndexes(languages),
    [...interests].sort(),
    maskOf(GENDERS, seeks.genders),
    maskOf(AGE_BANDS, seeks.ageBands),
  ];
  if (seeks.anyLanguage) packed[6] = 1;
  return JSON.stringify(packed);
}

/** The part of the attributes that needs no tags. */
export function unpackFacts(attrs: string): ProfileFacts {
  const [gender, ageBand, languages, , seeksGenders, seeksAges, anyLanguage] = JSON.parse(attrs) as Packed;
  return { gender, ageBand, languages, seeksGenders, seeksAges, opensLanguage: anyLanguage === 1 };
}

/** The search as the picker sees it. Its interests are held in `tags` until they are released. */
export function unpackTicket(
  { searchId, userId, version, sinceMs, attrs }: PackedTicket,
  tags: InterestTags,
): SearchTicket {
  const [gender, ageBand, languages, interests, seeksGenders, seeksAges, anyLanguage] = JSON.parse(attrs) as Packed;
  return {
    searchId,
    userId,
    version,
    sinceMs,
    gender,
    ageBand,
    languages,
    interests: tags.hold(interests),
    seeksGenders,
    seeksAges,
    region: UNKNOWN_REGION,
    trust: 1,
    opensLanguage: anyLanguage === 1,
  };
}
