import { fairnessBonus } from './fairness.js';
import { holdS } from './hold.js';
import { PartnerScan } from './partner-scan.js';
import type { ShardPolicy } from './shard-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import type { ProposedPair } from './ticket.types.js';
import type { WaitingPool } from './waiting-pool.js';
import { widenAfterMs, widened } from './widen.js';

/** How long what was learnt for a bucket is taken to hold, ms. */
const RELEARN_MS = 1_000;

/**
 * Proposes who should meet now (policy ADAPTIVE, matching.md section 3): nobody twice, only pairs that `mayMeet`, best first.
 * Deterministic, without clock or I/O. It takes nobody out of the pool; the caller claims each pair and removes both,
 * or leaves both where they are.
 */
export function pickPairs(pool: WaitingPool, policy: ShardPolicy, nowMs: number): ProposedPair[] {
  policy.book.fit(pool.slotCount);
  const scan = new PartnerScan(pool, policy, policy.book);
  widenDue(pool, policy, nowMs);
  policy.book.fit(pool.slotCount);
  for (const slot of pool.fresh) {
    if (pool.ticketAt[slot] && policy.book.lookedAs[slot] !== pool.serials[slot]) scan.look(slot);
  }
  pool.fresh.length = 0;
  return greedy(pool, passingEdges(pool, policy, scan, nowMs));
}

interface Edge {
  readonly a: number;
  readonly b: number;
  readonly score: number;
  readonly priority: number;
}

function relearn(pool: WaitingPool, policy: ShardPolicy, slot: number, nowMs: number): void {
  const bucket = pool.bucketOf[slot]!;
  if (nowMs - bucket.learntAtMs < RELEARN_MS) return;
  const ticket = pool.ticketAt[slot]!;
  bucket.learntAtMs = nowMs;
  bucket.partnersPerS = policy.learning.arrivals.rateFor({ ...bucket.profile, userId: '' }, nowMs);
  bucket.classBonus = Math.min(policy.config.fairness.classCap, policy.learning.losses.excess(ticket));
}

function widenDue(pool: WaitingPool, policy: ShardPolicy, nowMs: number): void {
  const { learning, config } = policy;
  for (let slot = 0; slot < pool.slotCount; slot++) {
    const ticket = pool.ticketAt[slot];
    if (!ticket) continue;
    relearn(pool, policy, slot, nowMs);
    const waitMs = nowMs - ticket.sinceMs;
    if (pool.widenedAt[slot] || waitMs < config.widen.earliestMs) continue;
    const after = widenAfterMs(
      pool.bucketOf[slot]!.partnersPerS,
      learning.impatience.hazard(waitMs / 1000),
      config.widen,
    );
    if (waitMs < after) continue;
    pool.reach(slot, widened(ticket));
    relearn(pool, policy, slot, nowMs);
  }
}

function passingEdges(pool: WaitingPool, policy: ShardPolicy, scan: PartnerScan, nowMs: number): Edge[] {
  const { book, learning, config } = policy;
  const theta = new Float64Array(pool.slotCount);
  const bonus = new Float64Array(pool.slotCount);
  for (let slot = 0; slot < pool.slotCount; slot++) {
    const ticket = pool.ticketAt[slot];
    if (!ticket) continue;
    if (book.prune(slot, pool) === 0 && book.truncated[slot]) scan.lookAgain(slot);
    const bucket = pool.bucketOf[slot]!;
    const waitS = (nowMs - ticket.sinceMs) / 1000;
    bonus[slot] = fairnessBonus(waitS, learning.meanWaitS, bucket.classBonus, config.fairness);
    if (waitS >= config.hold.longestMs / 1000) continue;
    const hold = holdS(
      {
        partnersPerS: bucket.partnersPerS,
        hazardPerS: learning.impatience.hazard(waitS),
        thicknessGain: learning.thicknessGain.value,
        meanScore: learning.meanScore,
      },
      config.hold,
    );
    const hopefuls = hopefulsFor(bucket.partnersPerS, hold - waitS, config.hold.expectation);
    theta[slot] = thresholdFor(hopefuls, (share) => learning.scores.quantile(pool.tagCounts[slot]!, share));
  }
  const edges: Edge[] = [];
  for (let slot = 0; slot < pool.slotCount; slot++) {
    if (!pool.ticketAt[slot]) continue;
    const start = slot * book.width;
    for (let at = start; at < start + book.counts[slot]!; at++) {
      const other = book.partners[at]!;
      if (pool.serials[other] !== book.partnerSerials[at]) continue;
      const priority = book.scores[at]! + (bonus[slot]! + bonus[other]!) / 2;
      if (priority >= (theta[slot]! + theta[other]!) / 2)
        edges.push({ a: slot, b: other, score: book.scores[at]!, priority });
    }
  }
  return edges;
}

function greedy(pool: WaitingPool, edges: Edge[]): ProposedPair[] {
  edges.sort((x, y) => y.priority - x.priority || x.a - y.a || x.b - y.b);
  const taken = new Uint8Array(pool.slotCount);
  const pairs: ProposedPair[] = [];
  for (const { a, b, score } of edges) {
    if (taken[a] || taken[b]) continue;
    taken[a] = taken[b] = 1;
    pairs.push({ a: pool.ticketAt[a]!, b: pool.ticketAt[b]!, score });
  }
  return pairs;
}
