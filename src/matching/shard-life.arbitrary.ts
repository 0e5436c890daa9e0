import fc from 'fast-check';
import type { MatchingPolicyConfig } from '../config/matching-policy.js';
import { ShardPolicy } from './shard-policy.js';
import { anyTicket } from './ticket.arbitrary.js';
import type { ProposedPair, SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';

const TICK_MS = 50;

/** What happens to a shard. */
export type Event =
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
export const anyHistory = fc.array(anyEvent, { minLength: 10, maxLength: 80 });

/** A shard that lives through a history; each says whom it pairs in each tick. */
export class Life {
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

export function picksOf(history: Event[], settings: MatchingPolicyConfig, pick: Life['pick']): string[][] {
  const life = new Life(settings, pick);
  for (const event of history) life.live(event);
  return life.picks;
}
