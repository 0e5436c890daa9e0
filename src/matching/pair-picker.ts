import { classBonus } from './fairness.js';
import { hasPassed } from './has-passed.js';
import { chooseByRound } from './match-round.js';
import { PartnerScan, lookCost } from './partner-scan.js';
import { Standings } from './standings.js';
import type { PoolBucket } from './pool-bucket.js';
import { scheduleRound } from './round-schedule.js';
import type { ShardPolicy } from './shard-policy.js';
import type { ProposedPair } from './ticket.types.js';
import type { WaitingPool } from './waiting-pool.js';
import { widenAfterMs, widened } from './widen.js';

/** How long what was learnt for a bucket is taken to hold, ms. */
const RELEARN_MS = 1_000;

/** What one pick may cost at most; what is over is done by the next ones. */
export interface PickBudget {
  /** Searches that look for partners for the first time, and as many that look again. */
  readonly looks: number;
  /**
   * What the former may cost, and as much the latter, in pairs scored (`lookCost`). The more have to look, the fewer each of them scores,
   * down to `FEWEST_SCORED`: in a crowd that is too great for the machine all are looked after, and none exactly.
   */
  readonly pairs: number;
  /** Searches that are widened. */
  readonly widenings: number;
}

/** What one tick of a worker may cost: some 30 ms; after a restart with many waiting, or in a crowd, ticks stay short. */
export const TICK_BUDGET: PickBudget = { looks: 1_200, pairs: 100_000, widenings: 2_000 };

const UNBOUNDED: PickBudget = { looks: Infinity, pairs: Infinity, widenings: Infinity };

/**
 * Proposes who should meet now (policy ADAPTIVE, matching.md section 3): nobody twice, only pairs that `mayMeet`, best first.
 * Deterministic, without clock or I/O. It takes nobody out of the pool; the caller claims each pair and removes both,
 * or leaves both where they are. It touches only searches that are new, may be widened, or have somebody in their list of partners;
 * the outcome is the same as if it went through all (`pair-picker.spec.ts`).
 */
export function pickPairs(
  pool: WaitingPool,
  policy: ShardPolicy,
  nowMs: number,
  budget: PickBudget = UNBOUNDED,
): ProposedPair[] {
  const { book, agenda } = policy;
  book.fit(pool.slotCount);
  agenda.fit(pool.slotCount);
  const scan = new PartnerScan(pool, policy, book);
  relearnDue(pool, policy, nowMs);
  agenda.takeIn(pool);
  widenDue(pool, policy, nowMs, budget.widenings);
  agenda.takeIn(pool);
  prune(pool, policy);
  // Before the newcomers: who was left by a round finds the others who were, and not a list full of those who wait for the next one.
  lookAgain(pool, policy, scan, { ...budget, nowMs });
  look(pool, policy, scan, budget);
  schedule(policy, nowMs);
  collectEdges(pool, policy, nowMs);
  const { edges } = policy;
  return choose(policy).map((edge) => ({
    a: pool.ticketAt[edges.a[edge]!]!,
    b: pool.ticketAt[edges.b[edge]!]!,
    score: edges.scores[edge]!,
  }));
}

function relearnDue(pool: WaitingPool, policy: ShardPolicy, nowMs: number): void {
  for (const bucket of pool.buckets.values())
    if (hasPassed(RELEARN_MS, bucket.learntAtMs, nowMs)) relearn(bucket, policy, nowMs);
}

function relearn(bucket: PoolBucket, { learning, config }: ShardPolicy, nowMs: number): void {
  bucket.learntAtMs = nowMs;
  bucket.partnersPerS = learning.arrivals.rateFor({ ...bucket.profile, userId: '' }, nowMs);
  bucket.classBonus = classBonus(learning.losses.excess(bucket.profile), config.fairness);
}

function widenDue(pool: WaitingPool, policy: ShardPolicy, nowMs: number, most: number): void {
  const { learning, config, agenda } = policy;
  const due: number[] = [];
  agenda.unwidened.sift(pool, (slot) => {
    const { sinceMs } = pool.ticketAt[slot]!;
    const waitMs = nowMs - sinceMs;
    if (waitMs < config.widen.earliestMs || due.length >= most) return true;
    // Nobody has less reach than one of the same wishes who came later.
    if (sinceMs > pool.profileAt[slot]!.widenedSinceMs) {
      const hazardPerS = learning.impatience.hazard(waitMs / 1000);
      if (waitMs < widenAfterMs(pool.bucketOf[slot]!.partnersPerS, hazardPerS, config.widen)) return true;
    }
    due.push(slot);
    return false;
  });
  for (const slot of due.sort((a, b) => a - b)) {
    if (pool.widenedAt[slot]) continue;
    pool.reach(slot, widened(pool.ticketAt[slot]!));
    const bucket = pool.bucketOf[slot]!;
    if (bucket.learntAtMs === -Infinity) relearn(bucket, policy, nowMs);
  }
}

function look(pool: WaitingPool, { book, agenda }: ShardPolicy, scan: PartnerScan, budget: PickBudget): void {
  const slots = agenda.nextLooks(budget.looks);
  scan.share(budget.pairs, slots.length);
  let cost = 0;
  for (let at = 0; at < slots.length; at++) {
    if (cost >= budget.pairs) return agenda.postpone(slots.slice(at));
    const slot = slots[at]!;
    if (!pool.ticketAt[slot] || book.lookedAs[slot] === pool.serials[slot]) continue;
    cost += lookCost(scan.look(slot), pool.buckets.size);
    if (book.counts[slot] === 0 && book.truncated[slot]) agenda.noteHungry(slot, pool.serials[slot]!);
  }
}

/** Takes who left out of all lists; whoever has nobody in the list any more is at rest, or hungry. */
function prune(pool: WaitingPool, { book, agenda }: ShardPolicy): void {
  book.siftListed((slot) => {
    // The list is that of an earlier search of this slot, or of its former reach: the present one has still to look.
    if (!pool.ticketAt[slot] || book.lookedAs[slot] !== pool.serials[slot]) book.clear(slot);
    else if (book.prune(slot, pool) > 0) return true;
    else if (book.truncated[slot]) agenda.noteHungry(slot, pool.serials[slot]!);
    return false;
  });
}

function lookAgain(
  pool: WaitingPool,
  { book, agenda }: ShardPolicy,
  scan: PartnerScan,
  { nowMs, looks, pairs }: PickBudget & { nowMs: number },
): void {
  const again: number[] = [];
  agenda.hungry.sift(pool, (slot) => {
    const isFed = book.counts[slot]! > 0 || !book.truncated[slot];
    if (!isFed && (again.length >= looks || !agenda.mayLookAgain(slot, nowMs))) return true;
    agenda.noteFed(slot);
    if (!isFed) again.push(slot);
    return false;
  });
  scan.share(pairs, again.length);
  let cost = 0;
  for (const slot of again.sort((a, b) => a - b)) {
    const mayLook = cost < pairs;
    if (mayLook) cost += lookCost(scan.lookAgain(slot), pool.buckets.size);
    if (book.counts[slot]! > 0 || !book.truncated[slot]) continue;
    agenda.noteHungry(slot, pool.serials[slot]!);
    if (mayLook) agenda.rest(slot, nowMs);
  }
}

function schedule(policy: ShardPolicy, nowMs: number): void {
  const arrivalsPerS = policy.learning.arrivals.rate(nowMs);
  policy.schedule = scheduleRound(policy.schedule, { arrivalsPerS, nowMs }, policy.config);
}

/** Best first. */
function choose(policy: ShardPolicy): number[] {
  const { edges } = policy;
  policy.round = undefined;
  if (!policy.schedule.isDue) return edges.greedy();
  const { chosen, ...figures } = chooseByRound(edges);
  policy.round = figures;
  return edges.bestFirst(chosen);
}

/** Those above the thresholds of both sides. */
function collectEdges(pool: WaitingPool, policy: ShardPolicy, nowMs: number): void {
  const { book, edges, schedule } = policy;
  const standings = new Standings(pool, policy, nowMs);
  edges.clear(pool.slotCount);
  // A round depends on their order.
  for (const slot of schedule.isDue ? Int32Array.from(book.listed).sort() : book.listed) {
    const ownThreshold = standings.threshold(slot);
    if (ownThreshold === Infinity) continue;
    const start = slot * book.width;
    for (let at = start; at < start + book.counts[slot]!; at++) {
      const other = book.partners[at]!;
      if (pool.serials[other] !== book.partnerSerials[at]) continue;
      const threshold = (ownThreshold + standings.threshold(other)) / 2;
      const score = book.scores[at]!;
      const priority = score + (standings.bonus(slot) + standings.bonus(other)) / 2;
      if (priority >= threshold) edges.add(slot, other, score, priority);
    }
  }
}
