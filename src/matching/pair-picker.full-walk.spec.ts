import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classBonus, seniorityBonus } from './fairness.js';
import { holdS } from './hold.js';
import { chooseByRound } from './match-round.js';
import { pickPairs } from './pair-picker.js';
import type { PickBudget } from './pair-picker.js';
import { PartnerScan } from './partner-scan.js';
import { PickEdges } from './pick-edges.js';
import { scheduleRound } from './round-schedule.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import type { MatchingPolicyConfig } from '../config/matching-policy.js';
import { Life, anyHistory, picksOf } from './shard-life.arbitrary.js';
import type { ShardPolicy } from './shard-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import type { ProposedPair, SearchTicket } from './ticket.types.js';
import type { WaitingPool } from './waiting-pool.js';
import { widenAfterMs, widened } from './widen.js';

// The picker touches only what changed. Here is the same policy as matching.md tells it: everybody is gone through in every tick.

/** Lists that are soon full, so that they run empty; patience that ends soon. */
const config: MatchingPolicyConfig = {
  ...DEFAULT_POLICY,
  candidates: 2,
  widen: { earliestMs: 300, latestMs: 2_000, partnersPerDeparture: 3 },
};

/** As fast as these histories go, some of the time. */
const thick: MatchingPolicyConfig = { ...config, rounds: { startPerS: 10, stopPerS: 6, everyMs: 200 } };

const slotsOf = (pool: WaitingPool): number[] => [...pool.ticketAt.keys()].filter((slot) => pool.ticketAt[slot]);

function relearnAll(pool: WaitingPool, { learning, config: { fairness } }: ShardPolicy, nowMs: number): void {
  for (const bucket of pool.buckets.values()) {
    if (nowMs - bucket.learntAtMs < 1_000) continue;
    bucket.learntAtMs = nowMs;
    bucket.partnersPerS = learning.arrivals.rateFor({ ...bucket.profile, userId: '' }, nowMs);
    bucket.classBonus = classBonus(learning.losses.excess(bucket.profile), fairness);
  }
}

function fullWalk(pool: WaitingPool, policy: ShardPolicy, nowMs: number): ProposedPair[] {
  const { book, learning, config: settings } = policy;
  book.fit(pool.slotCount);
  const scan = new PartnerScan(pool, policy, book);
  relearnAll(pool, policy, nowMs);
  const isToWiden = (slot: number): boolean => {
    const { sinceMs } = pool.ticketAt[slot]!;
    const waitMs = nowMs - sinceMs;
    const hazardPerS = learning.impatience.hazard(waitMs / 1_000);
    const afterMs = widenAfterMs(pool.bucketOf[slot]!.partnersPerS, hazardPerS, settings.widen);
    const isFirst = sinceMs > pool.profileAt[slot]!.widenedSinceMs;
    return !pool.widenedAt[slot] && waitMs >= (isFirst ? afterMs : settings.widen.earliestMs);
  };
  for (const slot of slotsOf(pool).filter(isToWiden)) {
    pool.reach(slot, widened(pool.ticketAt[slot]!));
    relearnAll(pool, policy, nowMs);
  }
  const hasLooked = (slot: number): boolean => book.lookedAs[slot] === pool.serials[slot];
  for (const slot of slotsOf(pool))
    if (!hasLooked(slot)) book.clear(slot);
    else if (book.prune(slot, pool) === 0 && book.truncated[slot]) scan.lookAgain(slot);
  for (const slot of pool.fresh.splice(0)) if (pool.ticketAt[slot] && !hasLooked(slot)) scan.look(slot);
  const arrivalsPerS = learning.arrivals.rate(nowMs);
  policy.schedule = scheduleRound(policy.schedule, { arrivalsPerS, nowMs }, settings);
  const { isThick, isDue, roundAtMs } = policy.schedule;
  const stands = new Map(
    slotsOf(pool).map((slot) => {
      const { partnersPerS, classBonus: ownClassBonus } = pool.bucketOf[slot]!;
      const waitS = (nowMs - pool.ticketAt[slot]!.sinceMs) / 1_000;
      const bonus = seniorityBonus(waitS, learning.meanWaitS, settings.fairness) + ownClassBonus;
      const hadARound = pool.ticketAt[slot]!.sinceMs <= roundAtMs;
      if (waitS >= settings.hold.longestMs / 1_000 || hadARound) return [slot, { theta: 0, bonus }];
      const hazardPerS = learning.impatience.hazard(waitS);
      const prospects = { partnersPerS, hazardPerS, meanScore: learning.meanScore };
      const hold = holdS({ ...prospects, thicknessGain: learning.thicknessGain.value }, settings.hold);
      const hopefuls = hopefulsFor(partnersPerS, hold - waitS, settings.hold.expectation);
      const theta = thresholdFor(hopefuls, (share) => learning.scores.quantile(pool.tagCounts[slot]!, share));
      return [slot, { theta: isThick && hopefuls > 1 ? Infinity : theta, bonus }];
    }),
  );
  const edges = slotsOf(pool).flatMap((a) =>
    Array.from({ length: book.counts[a]! }, (_, i) => {
      const at = a * book.width + i;
      const b = book.partners[at]!;
      const [own, other] = [stands.get(a)!, stands.get(b)!];
      const priority = book.scores[at]! + (own.bonus + other.bonus) / 2;
      return { a, b, score: book.scores[at]!, priority, passes: priority >= (own.theta + other.theta) / 2 };
    }).filter(({ passes }) => passes),
  );
  const open = isDue ? ofRound(edges, pool.slotCount) : edges;
  open.sort((x, y) => y.priority - x.priority || x.a - y.a || x.b - y.b);
  const taken = new Set<number>();
  return open.flatMap(({ a, b, score }) => {
    if (taken.has(a) || taken.has(b)) return [];
    taken.add(a).add(b);
    return [{ a: pool.ticketAt[a]!, b: pool.ticketAt[b]!, score }];
  });
}

type Edge = Record<'a' | 'b' | 'score' | 'priority', number>;

/** Those that a round chooses. */
function ofRound(edges: Edge[], slots: number): Edge[] {
  const all = new PickEdges();
  all.clear(slots);
  for (const { a, b, score, priority } of edges) all.add(a, b, score, priority);
  return chooseByRound(all).chosen.map((edge) => edges[edge]!);
}

describe('the picker that touches only what changed', () => {
  it('pairs whom it would pair if it went through everybody', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        expect(picksOf(history, config, pickPairs)).toEqual(picksOf(history, config, fullWalk));
      }),
      { numRuns: 120 },
    );
  });

  it('also where the pool goes by rounds, now and then', () => {
    let inRounds = 0;
    fc.assert(
      fc.property(anyHistory, (history) => {
        const walk: Life['pick'] = (pool, policy, nowMs) => {
          const pairs = fullWalk(pool, policy, nowMs);
          if (policy.schedule.isDue) inRounds += pairs.length;
          return pairs;
        };
        expect(picksOf(history, thick, pickPairs)).toEqual(picksOf(history, thick, walk));
      }),
      { numRuns: 120 },
    );
    expect(inRounds).toBeGreaterThan(100);
  });

  it('leaves nothing to be done when nobody can meet', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const life = new Life(config, pickPairs);
        for (const event of [...history, { kind: 'ticks', ticks: 80, refused: 0 } as const]) life.live(event);
        const { agenda, book } = life.policy;
        expect([agenda.looks.length, agenda.unwidened.length, agenda.hungry.length, book.listed.length]).toEqual([
          0, 0, 0, 0,
        ]);
      }),
    );
  });
});

describe('a picker that may do little in a tick', () => {
  const little: PickBudget = { looks: 2, pairs: 3, widenings: 1 };

  it('pairs nobody who may not meet, and within a bounded time everybody who may', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const life = new Life({ ...config, scanned: 2 }, (pool, policy, nowMs) => {
          const pairs = pickPairs(pool, policy, nowMs, little);
          const named = pairs.flatMap(({ a, b }) => [a.searchId, b.searchId]);
          expect(new Set(named).size).toBe(named.length);
          for (const { a, b } of pairs) {
            const [own, other] = [a, b].map(({ searchId }) => pool.bucketOf[pool.slotOf(searchId)!]!);
            expect(own!.fits(other!)).toBe(true);
            expect(a.userId).not.toBe(b.userId);
          }
          return pairs;
        });
        for (const event of history) life.live(event);
        // All look and are widened, two a tick; then whoever saw but a sample looks again, once a second.
        life.live({ kind: 'ticks', ticks: 2_000, refused: 0 });
        const left = [...life.pool.tickets()];
        const bucketOf = ({ searchId }: SearchTicket) => life.pool.bucketOf[life.pool.slotOf(searchId)!]!;
        const stale = left.filter((a) => left.some((b) => a.userId !== b.userId && bucketOf(a).fits(bucketOf(b))));
        expect(stale).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
