import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import type { MatchingPolicyConfig } from '../config/matching-policy.js';
import { pickPairs } from './pair-picker.js';
import { Life, Presence, anyHistory } from './shard-life.arbitrary.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';

const TICK_MS = 50;
const { hold, rounds } = DEFAULT_POLICY;
const NOW = 120_000;

/** These histories are thick some of the time, and change over to and fro. */
const config: MatchingPolicyConfig = {
  ...DEFAULT_POLICY,
  rounds: { startPerS: 10, stopPerS: 6, everyMs: 750 },
  widen: { earliestMs: 300, latestMs: 2_000, partnersPerDeparture: 3 },
};

const person = (searchId: string, about: Partial<SearchTicket> = {}): SearchTicket =>
  aTicket({ searchId, sinceMs: NOW, ...about });

/** A pool into which so many come a second, as it has learnt in two minutes, and whose last round was at `NOW`. */
class ThickPool {
  readonly pool = new WaitingPool();
  readonly policy = new ShardPolicy();

  constructor(perS = 1_000) {
    for (let ms = 0; ms < NOW; ms += 1_000 / perS) this.policy.arrived(aTicket({ sinceMs: ms }), ms);
    this.pick(NOW);
  }

  add(...tickets: SearchTicket[]): void {
    for (const ticket of tickets) this.pool.add(ticket);
  }

  /** Whom it joins, as `a+b`; they leave, or stay where they are because their claims were refused. */
  pick(nowMs: number, isRefused = false): string[] {
    const pairs = pickPairs(this.pool, this.policy, nowMs);
    for (const { a, b } of isRefused ? [] : pairs) for (const { searchId } of [a, b]) this.pool.remove(searchId);
    return pairs.map(({ a, b }) => [a.searchId, b.searchId].sort().join('+'));
  }
}

describe('where the pool goes by rounds', () => {
  it('everybody waits for the next one, and meets in it', () => {
    const thick = new ThickPool();
    thick.add(person('a', { sinceMs: NOW + 10 }), person('b', { sinceMs: NOW + 10 }));
    for (let ms = TICK_MS; ms < rounds.everyMs; ms += TICK_MS) expect(thick.pick(NOW + ms)).toEqual([]);
    expect(thick.pick(NOW + rounds.everyMs)).toEqual(['a+b']);
  });

  it('two of whom one would have been left by the best pair first both meet somebody', () => {
    const thick = new ThickPool();
    const about = { sinceMs: NOW + 10, region: 1 };
    // The best pair is that of the woman and the man who seek anyone and share an interest.
    thick.add(
      person('seeks women', { ...about, gender: 1, seeksGenders: 0b001, region: 2 }),
      person('woman', { ...about, gender: 0, seeksGenders: 0b010, interests: [1] }),
      person('man', { ...about, gender: 1, interests: [1] }),
      person('seeks men', { ...about, gender: 2, seeksGenders: 0b010, region: 2 }),
    );
    expect(thick.pick(NOW + rounds.everyMs).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'man+seeks men',
      'seeks women+woman',
    ]);
  });

  it('those whose claim was refused are proposed again at the next tick, not in the next round', () => {
    const thick = new ThickPool();
    thick.add(person('a', { sinceMs: NOW + 10 }), person('b', { sinceMs: NOW + 10 }));
    expect(thick.pick(NOW + rounds.everyMs, true)).toEqual(['a+b']);
    thick.pool.remove('b');
    thick.add(person('late', { sinceMs: NOW + rounds.everyMs - 10 }));
    expect(thick.pick(NOW + rounds.everyMs + TICK_MS)).toEqual(['a+late']);
  });

  it('two whom hardly anybody else could meet do not wait', () => {
    const thick = new ThickPool();
    const rare = { languages: [17], sinceMs: NOW + 10 };
    thick.add(person('a', rare), person('b', rare));
    expect(thick.pick(NOW + TICK_MS)).toEqual(['a+b']);
  });

  it('nobody waits twice when it changes over: who has been in a round is not held again', () => {
    const thick = new ThickPool();
    const passedOver = { sinceMs: NOW - 10 };
    // As if the pool had thinned since, though not so far that nobody may hope.
    const thinned = new ShardPolicy({
      config: { ...DEFAULT_POLICY, rounds: { ...rounds, startPerS: 1e6, stopPerS: 1e6 } },
      learning: thick.policy.learning,
    });
    const pool = new WaitingPool();
    for (const searchId of ['a', 'b']) pool.add(person(searchId, passedOver));
    expect(pickPairs(pool, thinned, NOW + TICK_MS)).toEqual([]);
    thinned.schedule = thick.policy.schedule;
    expect(pickPairs(pool, thinned, NOW + TICK_MS)).toHaveLength(1);
    expect(thinned.schedule.isThick).toBe(false);
  });

  it('of two who are alike it is the one who waits longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), (longer) => {
        const thick = new ThickPool(300);
        const lateMs = NOW + 10;
        thick.add(
          person('late', { seeksGenders: 1, sinceMs: lateMs }),
          person('early', { seeksGenders: 1, sinceMs: lateMs - longer }),
          person('partner', { gender: 0, sinceMs: lateMs }),
        );
        expect(thick.pick(NOW + rounds.everyMs)).toEqual(['early+partner']);
      }),
      { numRuns: 20 },
    );
  });

  it('says what a round was, and nothing where there was none', () => {
    const thick = new ThickPool();
    thick.add(person('a', { sinceMs: NOW + 10 }), person('b', { sinceMs: NOW + 10 }));
    thick.pick(NOW + TICK_MS);
    expect(thick.policy.round).toBeUndefined();
    thick.pick(NOW + rounds.everyMs);
    expect(thick.policy.round).toMatchObject({ participants: 2, unsettled: 0 });
    expect(thick.policy.round?.visits).toBeGreaterThan(0);
  });
});

describe('whatever comes, by rounds and by thresholds in turn', () => {
  it('nobody who has a partner waits beyond H and two ticks, and only pairs that may meet are proposed, nobody twice', () => {
    let changes = 0;
    fc.assert(
      fc.property(anyHistory, (history) => {
        let wasThick = false;
        const presence = new Presence(hold.longestMs);
        const life: Life = new Life(config, (pool, policy, nowMs) => {
          const pairs = pickPairs(pool, policy, nowMs);
          const named = pairs.flatMap(({ a, b }) => [a.searchId, b.searchId]);
          expect(new Set(named).size).toBe(named.length);
          for (const { a, b } of pairs) {
            const [own, other] = [a, b].map(({ searchId }) => pool.bucketOf[pool.slotOf(searchId)!]!);
            expect(own!.fits(other!) && a.userId !== b.userId).toBe(true);
          }
          expect(presence.staleAfter(life, pairs)).toEqual([]);
          if (policy.schedule.isThick !== wasThick) changes++;
          wasThick = policy.schedule.isThick;
          return pairs;
        });
        // Pairs that are refused for ever, and never told apart, would keep others from their lists.
        for (const event of history) life.live(event.kind === 'ticks' ? { ...event, refused: 0 } : event);
      }),
      { numRuns: 150, endOnFailure: true },
    );
    expect(changes).toBeGreaterThan(50);
  });
});
