import { InterestTags } from '../../src/matching/interest-tags.js';
import { TICK_BUDGET, pickPairs } from '../../src/matching/pair-picker.js';
import type { MatchingPolicyConfig } from '../../src/config/matching-policy.js';
import { ShardPolicy } from '../../src/matching/shard-policy.js';
import type { Avoids, ProposedPair } from '../../src/matching/ticket.types.js';
import { WaitingPool } from '../../src/matching/waiting-pool.js';
import type { SimulatedPolicy } from './run.js';
import type { StreamedSearch } from './stream.js';

export interface PolicyOptions {
  readonly config: MatchingPolicyConfig;
  readonly avoids: Avoids;
  /** How many different interests the population has. */
  readonly interests: number;
}

/** The dictionary of a population: interest n of the stream has the id n. */
export function tagsOf(count: number): InterestTags {
  const tags = new InterestTags();
  tags.hold(Array.from({ length: count }, (_, at) => `interest ${at}`));
  return tags;
}

/** Of the population by `GENDERS`: whom it has too many of, and too few. No language, so that its loss stays out. */
const [WOMAN, MAN] = [0, 1];
const MEN_WHO_SEEK_WOMEN = { gender: MAN, seeksGenders: 1 << WOMAN, languages: [] };
const WOMEN_WHO_SEEK_MEN = { gender: WOMAN, seeksGenders: 1 << MAN, languages: [] };

/** The worker's own policy, driven as the worker drives it. */
export class Adaptive implements SimulatedPolicy {
  readonly name: string = 'adaptive';
  readonly tickMs = 50;
  private readonly pool = new WaitingPool();
  private readonly policy: ShardPolicy;

  constructor({ config, avoids, interests }: PolicyOptions) {
    this.policy = new ShardPolicy({ config, avoids, tags: tagsOf(interests) });
  }

  get waiting(): number {
    return this.pool.size;
  }

  arrive({ ticket }: StreamedSearch, nowMs: number): ProposedPair[] {
    this.pool.add(ticket);
    this.policy.arrived(ticket, nowMs);
    return [];
  }

  tick(nowMs: number): ProposedPair[] {
    const pairs = pickPairs(this.pool, this.policy, nowMs, TICK_BUDGET);
    for (const pair of pairs) {
      this.pool.remove(pair.a.searchId);
      this.pool.remove(pair.b.searchId);
      this.policy.paired(pair, nowMs);
    }
    return pairs;
  }

  leave({ ticket, lost }: StreamedSearch, nowMs: number): void {
    this.pool.remove(ticket.searchId);
    this.policy.departed(ticket, nowMs, lost ? 'lost' : 'gave_up');
  }

  readings(nowMs: number): Record<string, number> {
    const { learning } = this.policy;
    return {
      'arrivals per s': learning.arrivals.rate(nowMs),
      'impatience per s (at 2 s)': learning.impatience.hazard(2),
      'gain of thickness': learning.thicknessGain.value,
      'mean score': learning.meanScore,
      'mean wait, s': learning.meanWaitS,
      'loss above all others: men who seek women': learning.losses.excess(MEN_WHO_SEEK_WOMEN),
      'loss above all others: women who seek men': learning.losses.excess(WOMEN_WHO_SEEK_MEN),
    };
  }
}
