import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFitting } from './fitting-count.js';
import { mayMeet } from './hard-rules.js';
import { pickPairs } from './pair-picker.js';
import { RecentWaits } from './recent-waits.js';
import { describeSearch } from './search-status.js';
import { ShardPolicy } from './shard-policy.js';
import { reportProfiles, sizeWord } from './shard-report.js';
import { aTicket, anyPool, anyTicket } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';
import { profileKeyOf } from './waiting-profile.js';
import { widenStartsMs, widened } from './widen.js';

const attrsOf = ({ gender, ageBand, languages, seeksGenders, seeksAges }: SearchTicket): string =>
  JSON.stringify([gender, ageBand, languages, [], seeksGenders, seeksAges]);

/** A pool at one moment: the runner has looked, and reports. */
function statusesIn(pool: WaitingPool, policy: ShardPolicy, nowMs: number, waits = new RecentWaits()) {
  // The second look widens who is older than one that the first has widened.
  for (let look = 0; look < 2; look++) pickPairs(pool, policy, nowMs);
  const reports = reportProfiles(pool, policy, waits, nowMs);
  return (ticket: SearchTicket, wasWidened = false) => {
    // As it comes out of Redis.
    const report = JSON.parse(JSON.stringify(reports.get(profileKeyOf(ticket)))) as never;
    return describeSearch({ attrs: attrsOf(ticket), sinceMs: ticket.sinceMs }, { report, wasWidened, nowMs });
  };
}

const poolOf = (tickets: readonly SearchTicket[]): WaitingPool => {
  const pool = new WaitingPool();
  for (const ticket of tickets) pool.add(ticket);
  return pool;
};

const others = (count: number, about: Partial<SearchTicket>) =>
  Array.from({ length: count }, (_, i) => aTicket({ searchId: `other ${i}`, ...about }));

describe('what a waiting person is told', () => {
  it('is widened when the picker has widened it, announced before and never after, and never taken back', () => {
    const ages = fc.constantFrom(0b00010, 0b00011, 0b10000);
    const wish = fc.record({ ageBand: fc.nat(2), seeksAges: ages, language: fc.nat(2), comesMs: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 30 }), fc.nat(40), (wishes, busy) => {
        const [pool, policy] = [new WaitingPool(), new ShardPolicy()];
        // A rate that was high and falls: who waits longer is not always due first.
        for (let i = 0; i < busy * 20; i++) policy.arrived(aTicket({ ageBand: 1, seeksAges: 0b00010 }), i * 10);
        for (let i = 0; i < busy; i++) policy.departed(aTicket({ sinceMs: 0 }), 2_000, 'gave_up');
        const came = wishes.map(({ comesMs, language, ...about }, i) =>
          aTicket({ searchId: `s${i}`, languages: [language], sinceMs: 10_000 + comesMs, ...about }),
        );
        const told = new Set<string>();
        for (let nowMs = 10_000; nowMs < 50_000; nowMs += 1_000) {
          for (const ticket of came)
            if (ticket.sinceMs <= nowMs && ticket.sinceMs > nowMs - 1_000) {
              pool.add(ticket);
              policy.arrived(ticket, nowMs);
            }
          const statusOf = statusesIn(pool, policy, nowMs);
          for (const ticket of pool.tickets()) {
            const { widened: words } = statusOf(ticket);
            const isWide = pool.widenedAt[pool.slotOf(ticket.searchId)!] === 1;
            expect(words.includes('age')).toBe(isWide);
            for (const word of words) expect(word).toMatch(isWide ? /^age$/ : /^age:in_[1-5]s$/);
            if (told.has(ticket.searchId)) expect(words).toContain('age');
            if (isWide) told.add(ticket.searchId);
          }
        }
        expect(told.size).toBe(came.length);
      }),
      { numRuns: 60 },
    );
  });

  it('is announced for the moment at which it comes, however impatient others with other wishes are', () => {
    const policy = new ShardPolicy();
    const [rare, common] = [
      aTicket({ searchId: 'rare', languages: [7], seeksAges: 0b10 }),
      aTicket({ seeksAges: 0b10 }),
    ];
    for (let i = 0; i < 2_000; i++) policy.arrived(common, i * 10);
    const begun = 20_000;
    const pool = poolOf([
      { ...rare, sinceMs: begun },
      { ...common, sinceMs: begun },
    ]);
    const at = (ms: number) => statusesIn(pool, policy, begun + ms);
    expect(at(1_000)({ ...rare, sinceMs: begun }).widened).toEqual(['age:in_1s']);
    expect(at(1_000)({ ...common, sinceMs: begun }).widened).toEqual([]);
    expect(at(1_600)({ ...rare, sinceMs: begun }).widened).toEqual(['age']);
    expect(at(11_000)({ ...common, sinceMs: begun }).widened).toEqual(['age:in_4s']);
    expect(at(15_000)({ ...common, sinceMs: begun }).widened).toEqual(['age']);
  });

  it('counts with the reach that the search has', () => {
    const ticket = aTicket({ seeksAges: 0b10 });
    const pool = poolOf([ticket, ...others(10, { ageBand: 0 })]);
    const policy = new ShardPolicy();
    expect(statusesIn(pool, policy, 0)(ticket)).toMatchObject({ poolSize: 'few' });
    expect(statusesIn(pool, policy, 15_000)(ticket)).toMatchObject({ poolSize: 'some', widened: ['age'] });
  });

  it('is never that one who came later has more reach', () => {
    const policy = new ShardPolicy();
    const { impatience } = policy.learning;
    // Who stays for 3 s stays; so the older one, whom many partners kept from being widened before that, would not be for long.
    for (let i = 0; i < 200; i++) impatience.observe(7, false);
    for (let i = 0; i < 40; i++) impatience.observe(2, true);
    const older = aTicket({ searchId: 'older', seeksAges: 0b10 });
    const younger = aTicket({ searchId: 'younger', seeksAges: 0b10, sinceMs: 1_000 });
    const pool = poolOf([older, younger]);
    const [bucket] = pool.buckets.values();
    Object.assign(bucket!, { learntAtMs: 3_200, partnersPerS: 10 });
    expect(statusesIn(pool, policy, 3_200)(older).widened).toEqual([]);
    bucket!.partnersPerS = 0.02;
    const statusOf = statusesIn(pool, policy, 3_300);
    expect([statusOf(older).widened, statusOf(younger).widened]).toEqual([['age'], ['age']]);
    expect(pool.widenedAt[pool.slotOf('older')!]).toBe(1);
  });

  it('stays widened through an edit, and is widened for new wishes with the next look', () => {
    const ticket = aTicket({ seeksAges: 0b10 });
    const [pool, policy] = [poolOf([ticket]), new ShardPolicy()];
    expect(statusesIn(pool, policy, 15_000)(ticket).widened).toEqual(['age']);
    const reach = (): number => pool.bucketOf[pool.slotOf(ticket.searchId)!]!.profile.seeksAges;
    for (const edit of [
      { version: 2, interests: [1] },
      { version: 3, seeksAges: 0b10000, ageBand: 4 },
    ]) {
      const edited = { ...ticket, ...edit };
      pool.add(edited);
      pickPairs(pool, policy, 15_050);
      expect(reach()).toBe(edit.seeksAges === undefined ? 0b111 : 0b11000);
      expect(statusesIn(pool, policy, 15_050)(edited).widened).toEqual(['age']);
    }
    expect(pool.profiles.size).toBe(1);
  });

  it('does not shrink with the runner that said it', () => {
    const pool = poolOf([aTicket({ seeksAges: 0b10 })]);
    expect(statusesIn(pool, new ShardPolicy(), 1_000)(aTicket({ seeksAges: 0b10 }), true).widened).toEqual(['age']);
    const unknown = describeSearch(
      { attrs: attrsOf(aTicket({ seeksAges: 0b10 })), sinceMs: 0 },
      { wasWidened: true, nowMs: 20_000 },
    );
    expect(unknown).toMatchObject({ widened: ['age'], poolSize: 'few', estimatedWaitMs: null });
  });

  it('counts who fits, not who is there', () => {
    const greek = aTicket({ searchId: 'greek', languages: [3] });
    const pool = poolOf([greek, ...others(100, { seeksGenders: 1 })]);
    const statusOf = statusesIn(pool, new ShardPolicy(), 0);
    expect(statusOf(greek).poolSize).toBe('few');
    const woman = aTicket({ searchId: 'woman', gender: 0 });
    pool.add(woman);
    expect(statusesIn(pool, new ShardPolicy(), 0)(woman).poolSize).toBe('many');
    expect(statusesIn(poolOf([woman, ...others(10, {})]), new ShardPolicy(), 0)(woman).poolSize).toBe('some');
    expect(statusesIn(poolOf([woman, ...others(9, {})]), new ShardPolicy(), 0)(woman).poolSize).toBe('few');
  });

  it('reads as the shard does where it was not counted yet', () => {
    // As many buckets as take two reports to count, all at once: a runner has taken over. Everybody fits everybody.
    const pool = poolOf(Array.from({ length: 600 }, (_, i) => aTicket({ searchId: `s${i}`, languages: [i, 999] })));
    const reports = [...reportProfiles(pool, new ShardPolicy(), new RecentWaits(), 0).values()];
    const words = reports.map(({ plain }) => sizeWord(plain!.fitting));
    expect(words).toEqual(words.map(() => 'many'));
    // Whether anybody fits is not known of those.
    expect(new Set(reports.map(({ plain }) => plain!.hasHope))).toEqual(new Set([true, false]));
  });

  it('has an estimate only while somebody fits or is expected', () => {
    const waits = new RecentWaits();
    const ticket = aTicket();
    for (let i = 0; i < 5; i++) waits.observe(ticket, 4_000, 0);
    const alone = (policy: ShardPolicy, nowMs: number) =>
      statusesIn(poolOf([ticket]), policy, nowMs, waits)(ticket).estimatedWaitMs;
    expect(alone(new ShardPolicy(), 0)).toBeNull();
    expect(statusesIn(poolOf([ticket, ...others(1, {})]), new ShardPolicy(), 0, waits)(ticket).estimatedWaitMs).toBe(
      4_000,
    );
    const policy = new ShardPolicy();
    for (let s = 0; s < 60; s++) policy.arrived(ticket, s * 1_000);
    expect(alone(policy, 60_000)).toBe(4_000);
    expect(alone(policy, 600_001)).toBeNull();
  });
});

describe('the count of who fits', () => {
  it('is that of the hard rules, with the reach of each', () => {
    fc.assert(
      fc.property(anyPool, fc.array(fc.boolean()), (tickets, wide) => {
        const apart = tickets.map((ticket, i) => ({ ...ticket, userId: `u${i}` }));
        const pool = poolOf(apart);
        const reaches = apart.map((ticket, i) => (wide[i] ? widened(ticket) : ticket));
        apart.forEach((ticket, i) => wide[i] && pool.reach(pool.slotOf(ticket.searchId)!, reaches[i]!));
        countFitting(pool, 0);
        apart.forEach((ticket, i) => {
          const fitting = reaches.filter((other) => mayMeet(reaches[i]!, other, () => false)).length;
          expect(pool.bucketOf[pool.slotOf(ticket.searchId)!]!.fitting).toBe(fitting);
        });
      }),
    );
  });

  it('takes turns where there is too much to count', () => {
    const pool = poolOf(Array.from({ length: 30 }, (_, i) => aTicket({ searchId: `s${i}`, languages: [i, 99] })));
    for (let second = 1; second <= 10; second++) countFitting(pool, second, 90);
    const counted = [...pool.buckets.values()].map(({ fitting }) => fitting);
    expect(counted).toEqual(counted.map(() => 29));
  });

  it('knows of no profile of which nobody waits', () => {
    fc.assert(
      fc.property(anyPool, anyTicket, (tickets, last) => {
        const pool = poolOf(tickets);
        for (const { searchId } of tickets) pool.remove(searchId);
        pool.add(last);
        expect([...pool.profiles.keys()]).toEqual([profileKeyOf(last)]);
      }),
    );
  });
});

describe('the moments of widening', () => {
  const settings = { earliestMs: 1_500, latestMs: 15_000, partnersPerDeparture: 3 };

  it('are those at which a search that waits becomes due', () => {
    const hazards = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 5, noNaN: true }), hazards, (partnersPerS, hazard) => {
        const steps = [0, 1, 3, 8, 20, 45].map((fromS, i) => ({ fromS, hazardPerS: hazard[i]! }));
        const starts = widenStartsMs(partnersPerS, steps, settings);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        const isDue = (waitMs: number): boolean => {
          const { hazardPerS } = steps.findLast(({ fromS }) => waitMs >= fromS * 1_000)!;
          const wantedMs = (3_000 * partnersPerS) / hazardPerS;
          return waitMs >= Math.min(15_000, Math.max(1_500, wantedMs));
        };
        for (const start of starts) expect([isDue(start - 2), isDue(start + 1)]).toEqual([false, true]);
        const first = Array.from({ length: 160 }, (_, i) => i * 100).find(isDue);
        expect(starts[0]).toBeLessThanOrEqual(first! + 1);
      }),
    );
  });
});
