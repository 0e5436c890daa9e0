import { scorePair } from '../../src/matching/score.js';
import type { ScoreWeights } from '../../src/config/matching-policy.js';
import type { SearchTicket } from '../../src/matching/ticket.types.js';
import { tagsOf } from './policies.js';
import type { Outcome } from './run.js';
import type { StreamedSearch } from './stream.js';

/** What a second of waiting costs in J, whatever the policy thinks of it. */
export const WAIT_COST_PER_S = 0.01;

/** Groups smaller than this part of all searches (and than 50) are not judged: their rate is noise. */
const SMALLEST_GROUP = 0.03;

/** For curves over the day. */
const PARTS_OF_DAY = 24;

export interface Waits {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface GroupMeasures {
  readonly group: string;
  readonly searches: number;
  readonly matchRate: number;
  readonly waitS: Waits;
  /** Mean score of matches. */
  readonly quality: number;
}

/** Of the searches that began in one part of the day. */
export interface PartOfDay {
  readonly atMs: number;
  readonly matchRate: number;
  readonly quality: number;
}

export interface Measures {
  readonly policy: string;
  readonly searches: number;
  readonly matchRate: number;
  /** s until the partner came, of those who found one. */
  readonly waitS: Waits;
  /** Mean score of matches. */
  readonly quality: number;
  /** mean(matched ? score : 0) - 0.01 * wait in s. */
  readonly j: number;
  readonly groups: readonly GroupMeasures[];
  readonly worst: GroupMeasures;
  /** The warm-up included. */
  readonly day: readonly PartOfDay[];
  readonly cpuMs: number;
}

export type PairValue = (a: SearchTicket, b: SearchTicket) => number;

/** How rare each interest is in the whole stream, 0..1. */
export function raritiesOf(searches: readonly StreamedSearch[], interests: number): number[] {
  const tags = tagsOf(interests);
  for (const { ticket } of searches) tags.countArrival(ticket.interests);
  return Array.from({ length: interests }, (_, id) => tags.rarity(id));
}

/** The score by which all policies are judged. */
export function judge(weights: ScoreWeights, rarities: readonly number[]): PairValue {
  return (a, b) => scorePair(a, b, weights, (tag) => rarities[tag]!);
}

/** J over all searches, the warm-up included: what hindsight is compared with. */
export function jOfAll(outcome: Outcome, value: PairValue): number {
  let total = 0;
  for (const [at, { ticket }] of outcome.searches.entries()) {
    const partner = outcome.partner[at]!;
    if (partner >= 0) total += value(ticket, outcome.searches[partner]!.ticket);
    total -= (WAIT_COST_PER_S * outcome.waitMs[at]!) / 1000;
  }
  return total / Math.max(1, outcome.searches.length);
}

/** Which searches count: not those of the warm-up. */
export function measure(outcome: Outcome, value: PairValue, fromMs: number): Measures {
  const counted = outcome.searches.map((_, at) => at).filter((at) => outcome.searches[at]!.ticket.sinceMs >= fromMs);
  const scores = scoresOf(outcome, value);
  const groups = new Map<string, number[]>();
  let total = 0;
  for (const at of counted) {
    total += scores[at]! - (WAIT_COST_PER_S * outcome.waitMs[at]!) / 1000;
    for (const group of groupsOf(outcome.searches[at]!.ticket)) {
      const members = groups.get(group) ?? [];
      groups.set(group, members);
      members.push(at);
    }
  }
  const smallest = Math.max(50, SMALLEST_GROUP * counted.length);
  const judged = [...groups].filter(([, members]) => members.length >= smallest);
  const all = groupMeasures('all', counted, outcome, scores);
  const measured = judged.map(([group, members]) => groupMeasures(group, members, outcome, scores));
  measured.sort((a, b) => a.matchRate - b.matchRate);
  return {
    policy: outcome.policy,
    searches: counted.length,
    matchRate: all.matchRate,
    waitS: all.waitS,
    quality: all.quality,
    j: total / counted.length,
    groups: measured,
    worst: measured[0] ?? all,
    day: dayOf(outcome, scores),
    cpuMs: outcome.cpuMs,
  };
}

/** Of each search its pair's, as all policies are judged; 0 where nobody came. */
function scoresOf({ searches, partner }: Outcome, value: PairValue): Float64Array {
  return Float64Array.from(searches, ({ ticket }, at) =>
    partner[at]! < 0 ? 0 : value(ticket, searches[partner[at]!]!.ticket),
  );
}

/** In parts of equal length; those in which nobody began are left out. */
function dayOf(outcome: Outcome, scores: Float64Array): PartOfDay[] {
  const { searches } = outcome;
  const length = ((searches.at(-1)?.ticket.sinceMs ?? 0) + 1) / PARTS_OF_DAY;
  const parts = Map.groupBy(searches.keys(), (at) => Math.floor(searches[at]!.ticket.sinceMs / length));
  return [...parts].map(([part, members]) => {
    const { matchRate, quality } = groupMeasures('', members, outcome, scores);
    return { atMs: (part + 0.5) * length, matchRate, quality };
  });
}

function groupMeasures(
  group: string,
  members: readonly number[],
  outcome: Outcome,
  scores: Float64Array,
): GroupMeasures {
  const waits = members.filter((at) => outcome.partner[at]! >= 0).map((at) => outcome.waitMs[at]! / 1000);
  const sorted = Float64Array.from(waits).sort();
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    group,
    searches: members.length,
    matchRate: waits.length / members.length,
    waitS: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
    quality: members.reduce((sum, at) => sum + scores[at]!, 0) / Math.max(1, waits.length),
  };
}

const GENDERS = ['woman', 'man', 'nonbinary', 'untold'];

/** The groups a search belongs to: who it is and whom it seeks; its best language. */
export function groupsOf(ticket: SearchTicket): string[] {
  const sought = GENDERS.filter((_, at) => (ticket.seeksGenders & (1 << at)) !== 0).join('/') || 'anyone';
  return [`${GENDERS[ticket.gender]} seeks ${sought}`, `language ${ticket.languages[0]! + 1}`];
}
