import { mayMeet } from './hard-rules.js';
import { scorePair } from './score.js';
import type { ShardPolicy } from './shard-policy.js';
import type { ProposedPair, SearchTicket } from './ticket.types.js';
import type { WaitingPool } from './waiting-pool.js';

/**
 * Proposes who should meet now: nobody twice, only pairs that `mayMeet`, best first. Deterministic, without clock or I/O.
 * It takes nobody out of the pool; the caller claims each pair and removes both, or leaves both where they are.
 */
export function pickPairs(pool: WaitingPool, policy: ShardPolicy, _nowMs: number): ProposedPair[] {
  const taken = new Set<string>();
  return edges([...pool.tickets()], policy).filter(({ a, b }) => {
    if (taken.has(a.searchId) || taken.has(b.searchId)) return false;
    taken.add(a.searchId).add(b.searchId);
    return true;
  });
}

function edges(tickets: SearchTicket[], policy: ShardPolicy): ProposedPair[] {
  const rarity = (tag: number) => policy.tags.rarity(tag);
  const found = tickets.flatMap((a, at) =>
    tickets
      .slice(at + 1)
      .filter((b) => mayMeet(a, b, policy.avoids))
      .map((b) => ({ a, b, score: scorePair(a, b, policy.config.weights, rarity) })),
  );
  return found.sort((x, y) => y.score - x.score || x.a.sinceMs + x.b.sinceMs - y.a.sinceMs - y.b.sinceMs);
}
