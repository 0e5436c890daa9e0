import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classBonus, seniorityBonus } from './fairness.js';
import { holdS } from './hold.js';
import { pickPairs } from './pair-picker.js';
import type { PickBudget } from './pair-picker.js';
import { PartnerScan } from './partner-scan.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import type { MatchingPolicyConfig } from '../config/matching-policy.js';
import { ShardPolicy } from './shard-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import { anyTicket } from './ticket.arbitrary.js';
import type { ProposedPair, SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';
import { widenAfterMs, widened } from './widen.js';

// The picker touches only what changed. Here is the same policy as matching.md tells it: everybody is gone through in every tick.

const TICK_MS = 50;

/** Lists that are soon full, so that they run empty; patience that ends soon. */
const config: MatchingPolicyConfig = {
  ...DEFAULT_POLICY,
  candidates: 2,
  widen: { earliestMs: 300, latestMs: 2_000, partnersPerDeparture: 3 },
};

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
  const isDue = (slot: number): boolean => {
    const { sinceMs } = pool.ticketAt[slot]!;
    const waitMs = nowMs - sinceMs;
    const hazardPerS = learning.impatience.hazard(waitMs / 1_000);
    const afterMs = widenAfterMs(pool.bucketOf[slot]!.partnersPerS, hazardPerS, settings.widen);
    const isFirst = sinceMs > pool.profileAt[slot]!.widenedSinceMs;
    return !pool.widenedAt[slot] && waitMs >= (isFirst ? afterMs : settings.widen.earliestMs);
  };
  for (const slot of slotsOf(pool).filter(isDue)) {
    pool.reach(slot, widened(pool.ticketAt[slot]!));
    relearnAll(pool, policy, nowMs);
  }
  for (const slot of pool.fresh.splice(0))
    if (pool.ticketAt[slot] && book.lookedAs[slot] !== pool.serials[slot]) scan.look(slot);
  for (const slot of slotsOf(pool)) if (book.prune(slot, pool) === 0 && book.truncated[slot]) scan.lookAgain(slot);
  const stands = new Map(
    slotsOf(pool).map((slot) => {
      const { partnersPerS, classBonus: ownClassBonus } = pool.bucketOf[slot]!;
      const waitS = (nowMs - pool.ticketAt[slot]!.sinceMs) / 1_000;
      const bonus = seniorityBonus(waitS, learning.meanWaitS, settings.fairness) + ownClassBonus;
      if (waitS >= settings.hold.longestMs / 1_000) return [slot, { theta: 0, bonus }];
      const hazardPerS = learning.impatience.hazard(waitS);
      const prospects = { partnersPerS, hazardPerS, meanScore: learning.meanScore };
      const hold = holdS({ ...prospects, thicknessGain: learning.thicknessGain.value }, settings.hold);
      const hopefuls = hopefulsFor(partnersPerS, hold - waitS, settings.hold.expectation);
      const theta = thresholdFor(hopefuls, (share) => learning.scores.quantile(pool.tagCounts[slot]!, share));
      return [slot, { theta, bonus }];
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
  edges.sort((x, y) => y.priority - x.priority || x.a - y.a || x.b - y.b);
  const taken = new Set<number>();
  return edges.flatMap(({ a, b, score }) => {
    if (taken.has(a) || taken.has(b)) return [];
    taken.add(a).add(b);
    return [{ a: pool.ticketAt[a]!, b: pool.ticketAt[b]!, score }];
  });
}

type Event =
  | { kind: 'arrives'; ticket: SearchTicket }
  /** People who all may meet: their lists fill, leave some out, and run empty when the others leave. */
  | { kind: 'gather'; tickets: SearchTicket[] }
  | { kind: 'leaves' | 'edits'; which: number }
  /** `refused`: how many of the proposed pairs stay where they are. */
  | { kind: 'ticks'; ticks: number; refused: number };

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('arrives' as const), ticket: anyTicket }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('gather' as const),
      tickets: fc.array(
        anyTicket.map((ticket) => ({ ...ticket, seeksGenders: 0, seeksAges: 0, languages: [0] })),
        { minLength: 6, maxLength: 12 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('leaves' as const, 'edits' as const), which: fc.nat(99) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ticks' as const),
      ticks: fc.integer({ min: 1, max: 30 }),
      refused: fc.nat(2),
    }),
  },
);
const anyHistory = fc.array(anyEvent, { minLength: 10, maxLength: 80 });

/** A shard that lives through a history; each says whom it pairs in each tick. */
class Life {
  readonly pool = new WaitingPool();
  readonly policy: ShardPolicy;
  readonly picks: string[][] = [];
  nowMs = 100_000;
  private arrivals = 0;

  constructor(
    settings: MatchingPolicyConfig,
    private readonly pick: (pool: WaitingPool, policy: ShardPolicy, nowMs: number) => ProposedPair[],
  ) {
    this.policy = new ShardPolicy({ config: settings });
  }

  live(event: Event): void {
    if (event.kind === 'arrives') this.arrive(event.ticket);
    else if (event.kind === 'gather') for (const ticket of event.tickets) this.arrive(ticket);
    else if (event.kind === 'ticks') for (let i = 0; i < event.ticks; i++) this.tick(event.refused);
    else this.change(event.kind, event.which);
  }

  private arrive(from: SearchTicket): void {
    // One in three comes back from a refused claim, with the time that it has waited already.
    const sinceMs = this.nowMs - (from.version === 0 ? from.sinceMs / 30 : 0);
    const searchId = `s${this.arrivals++}`;
    const ticket = { ...from, searchId, userId: `${from.userId}${this.arrivals % 3}`, sinceMs };
    this.pool.add(ticket);
    this.policy.arrived(ticket, this.nowMs);
  }

  private change(kind: 'leaves' | 'edits', which: number): void {
    const waiting = [...this.pool.tickets()].toSorted((x, y) => x.searchId.localeCompare(y.searchId));
    const ticket = waiting[which % Math.max(1, waiting.length)];
    if (!ticket) return;
    if (kind === 'edits') return this.pool.add({ ...ticket, version: ticket.version + 1, seeksGenders: 0 });
    this.pool.remove(ticket.searchId);
    this.policy.departed(ticket, this.nowMs, 'gave_up');
  }

  private tick(refused: number): void {
    this.nowMs += TICK_MS;
    const pairs = this.pick(this.pool, this.policy, this.nowMs);
    this.picks.push(pairs.map(({ a, b, score }) => `${a.searchId} ${b.searchId} ${score.toFixed(9)}`));
    for (const pair of pairs.slice(refused)) {
      for (const { searchId } of [pair.a, pair.b]) this.pool.remove(searchId);
      this.policy.paired(pair, this.nowMs);
    }
  }
}

function picksOf(history: Event[], settings: MatchingPolicyConfig, pick: Life['pick']): string[][] {
  const life = new Life(settings, pick);
  for (const event of history) life.live(event);
  return life.picks;
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
