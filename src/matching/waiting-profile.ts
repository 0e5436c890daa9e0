import type { Seeker } from './hard-rules.js';
import { bucketKeyOf } from './pool-bucket.js';

/** What decides, with the time, how a search is widened: its own hard preferences, whatever its reach has become. */
export type ProfileFacts = Omit<Seeker, 'userId' | 'anyLanguage'> & { readonly opensLanguage: boolean };

/** The waiting searches of one profile. The picker widens them in the order in which they came. */
export class WaitingProfile {
  members = 0;
  /** Of the youngest member that has been widened, ms: who came no later is widened, too. -Infinity: nobody. It never falls. */
  widenedSinceMs = -Infinity;

  constructor(readonly facts: ProfileFacts) {}

  noteWidened(sinceMs: number): void {
    this.widenedSinceMs = Math.max(this.widenedSinceMs, sinceMs);
  }
}

/** Equal for searches of one profile. */
export const profileKeyOf = (facts: ProfileFacts): string => `${bucketKeyOf(facts)}.${facts.opensLanguage ? 1 : 0}`;
