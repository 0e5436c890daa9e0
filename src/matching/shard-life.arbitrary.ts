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

  /** ms that it has lived, whatever its clock says. */
  get ageMs(): number {
    return this.picks.length * TICK_MS;
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

/** Since when each search is there with its present wishes and reach, by the age of its shard. */
export class Presence {
  private readonly since = new Map<string, number>();

  constructor(private readonly longestMs: number) {}

  /** As if everybody had come now. */
  forget(): void {
    this.since.clear();
  }

  /**
   * In a tick that picked `pairs`: those who may meet and wait on, though both have been there for longer than `longestMs` and two ticks,
   * one to look and one more to look again.
   */
  staleAfter({ pool, ageMs }: Life, pairs: readonly ProposedPair[]): string[] {
    const keyOf = (searchId: string): string => `${searchId} ${pool.serials[pool.slotOf(searchId)!]}`;
    for (const { searchId } of pool.tickets())
      if (!this.since.has(keyOf(searchId))) this.since.set(keyOf(searchId), ageMs);
    const paired = new Set(pairs.flatMap(({ a, b }) => [a.searchId, b.searchId]));
    const left = [...pool.tickets()].filter(
      ({ searchId }) =>
        !paired.has(searchId) && ageMs - this.since.get(keyOf(searchId))! > this.longestMs + 2 * TICK_MS,
    );
    const bucketOf = ({ searchId }: SearchTicket) => pool.bucketOf[pool.slotOf(searchId)!]!;
    return left.flatMap((a) =>
      left
        .filter((b) => a.userId < b.userId && bucketOf(a).fits(bucketOf(b)))
        .map((b) => `${a.searchId} ${b.searchId}`),
    );
  }
}

export function picksOf(history: Event[], settings: MatchingPolicyConfig, pick: Life['pick']): string[][] {
  const life = new Life(settings, pick);
  for (const event of history) life.live(event);
  return life.picks;
}
