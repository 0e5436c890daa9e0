import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../../contracts/socket-events.js';
import { EventBuckets } from './event-buckets.js';
import { burstOf, emissionMs } from './limit.types.js';
import { EVENT_LIMITS } from './limits.js';

const count = (times: number, work: () => number): number =>
  Array.from({ length: times }, work).filter((wait) => wait === 0).length;

describe('EventBuckets', () => {
  it('keep users and events apart', () => {
    const buckets = new EventBuckets();
    expect(count(12, () => buckets.take('ada', 'search:start', 0))).toBe(10);
    expect(buckets.take('ada', 'search:start', 0)).toBe(6_000);
    expect(buckets.take('bob', 'search:start', 0)).toBe(0);
    expect(buckets.take('ada', 'conversation:sync', 0)).toBe(0);
  });

  it('are emptied as a whole, and go on elsewhere where they were', () => {
    const [here, there] = [new EventBuckets(), new EventBuckets()];
    expect(count(12, () => here.take('ada', 'message:send', 1_000))).toBe(10);
    const spent = here.remove('ada', 1_000);
    expect([...spent]).toEqual([
      ['message:send 0', 2_000],
      ['message:send 1', 10_000],
    ]);
    expect(here.remove('ada', 1_000).size).toBe(0);
    // Another process' time begins elsewhere.
    there.add('ada', spent, 500_000);
    expect(there.take('ada', 'message:send', 500_000)).toBe(200);
    expect(there.take('ada', 'message:send', 500_200)).toBe(0);
  });

  it('let nobody have more by going from process to process, whatever is sent where', () => {
    const steps = fc.array(
      fc.record({
        events: fc.nat(15),
        waitMs: fc.nat(20_000),
        to: fc.nat(2),
        event: fc.constantFrom<ClientEvent>('search:start', 'message:send', 'conversation:leave'),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (journey) => {
        const processes = [new EventBuckets(), new EventBuckets(), new EventBuckets()] as const;
        const passed = new Map<ClientEvent, number>();
        let [now, at] = [0, 0];
        for (const { events, waitMs, to, event } of journey) {
          now += waitMs;
          processes[to]?.add('ada', processes[at]?.remove('ada', now) ?? new Map(), now);
          at = to;
          const more = count(events, () => processes[to]?.take('ada', event, now) ?? 1);
          passed.set(event, (passed.get(event) ?? 0) + more);
          for (const limit of EVENT_LIMITS[event])
            expect(passed.get(event)).toBeLessThanOrEqual(burstOf(limit) + now / emissionMs(limit) + 1e-6);
        }
      }),
    );
  });
});
