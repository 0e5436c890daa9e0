import type { PackedTicket } from './ticket-packing.js';

/** What changed among the waiting of a shard. `arrived` is new, `returned` comes back from a refused claim. */
export type Delta =
  | { readonly kind: 'arrived' | 'edited' | 'returned'; readonly ticket: PackedTicket }
  | {
      readonly kind: 'left';
      readonly searchId: string;
      readonly why: 'gave_up' | 'lost' | 'claimed';
      /** ms of the shard's clock: the last sign of life of who was given up for dead; absent: now. */
      readonly atMs?: number;
    }
  | { readonly kind: 'mark' };

const KINDS = { '+': 'arrived', '~': 'edited', '=': 'returned' } as const;

/** An entry of the stream, as the scripts write it: field, value, field, value … */
export function parseDelta(fields: readonly string[]): Delta {
  const entry: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) entry[fields[i]!] = fields[i + 1]!;
  const { op = '', s: searchId = '', r: why, n: atMs } = entry;
  if (op === '-') {
    const known = why === 'gave_up' || why === 'lost' ? why : 'claimed';
    return { kind: 'left', searchId, why: known, ...(atMs ? { atMs: Number(atMs) } : {}) };
  }
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
