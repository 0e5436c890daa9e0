import type { PackedTicket } from './ticket-packing.js';

/** What changed among the waiting of a shard. `arrived` is new, `returned` comes back from a refused claim. */
export type Delta =
  | { readonly kind: 'arrived' | 'edited' | 'returned'; readonly ticket: PackedTicket }
  | { readonly kind: 'left'; readonly searchId: string; readonly why: 'gave_up' | 'lost' | 'claimed' }
  | { readonly kind: 'mark' };

const KINDS = { '+': 'arrived', '~': 'edited', '=': 'returned' } as const;

/** An entry of the stream, as the scripts write it: field, value, field, value … */
export function parseDelta(fields: readonly string[]): Delta {
  const entry: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) entry[fields[i]!] = fields[i + 1]!;
  const { op = '', s: searchId = '', r: why } = entry;
  if (op === '-') return { kind: 'left', searchId, why: why === 'gave_up' || why === 'lost' ? why : 'claimed' };
  if (op !== '+' && op !== '~' && op !== '=') return { kind: 'mark' };
  const { u: userId = '', v: version, t: sinceMs, a: attrs = '', l: lists } = entry;
  const ticket = {
    searchId,
    userId,
    version: Number(version),
    sinceMs: Number(sinceMs),
    attrs,
    hasLists: lists === '1',
  };
  return { kind: KINDS[op], ticket };
}
