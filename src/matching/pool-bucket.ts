import { seeksAge, seeksGender } from './hard-rules.js';
import type { Seeker } from './hard-rules.js';

/** Searches that the hard rules cannot tell apart: a whole bucket is permitted or not, so that single pairs need not be asked. */
export class PoolBucket {
  /** Slots of the members, in no order. */
  readonly slots: number[] = [];
  /** When `partnersPerS` was last worked out, ms. */
  learntAtMs = -Infinity;
  /** lambda of its members. */
  partnersPerS = 0;
  /** rho of its members. */
  classBonus = 0;

  constructor(
    readonly key: string,
    readonly profile: Omit<Seeker, 'userId'>,
  ) {}

  /** The hard rules between any member of this and any of that bucket, but for identity and blocks. */
  fits(other: PoolBucket): boolean {
    const [a, b] = [this.profile, other.profile];
    return (
      seeksGender(a.seeksGenders, b.gender) &&
      seeksGender(b.seeksGenders, a.gender) &&
      seeksAge(a.seeksAges, b.ageBand) &&
      seeksAge(b.seeksAges, a.ageBand) &&
      canTalkIn(a, b)
    );
  }
}

/** `canTalk` without the closures: it is asked for every bucket on every arrival. */
function canTalkIn(a: PoolBucket['profile'], b: PoolBucket['profile']): boolean {
  if (a.anyLanguage === true && b.anyLanguage === true) return true;
  for (const language of a.languages) {
    for (const other of b.languages) if (language === other) return true;
  }
  return false;
}

/** Equal for searches that belong into one bucket. */
export function bucketKeyOf(seeker: Seeker): string {
  const { gender, seeksGenders, ageBand, seeksAges, anyLanguage } = seeker;
  return `${gender}.${seeksGenders}.${ageBand}.${seeksAges}.${anyLanguage === true ? 1 : 0}.${seeker.languages.join('.')}`;
}
