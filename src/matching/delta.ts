import type { PackedTicket } from './ticket-packing.js';

/** What changed among the waiting of a shard. `arrived` is new, `returned` comes back from a refused claim. */
export type Delta =
  | { readonly kind: 'arrived' | 'edited' | 'returned'; readonly ticket: PackedTicket }
  | {
      readonly kind: 'left';
      readonly searchId: string;
      readonly why: 'gave_up' | 'lost' | 'claimed';
      /** ms of the shard's clock: the last sign of life of who was given up for dead; absent: when it was told. */
      readonly atMs?: number;
    }
  | { readonly kind: 'mark' };

/** One of the stream. */
export interface DeltaEntry {
  /** `ms-number`: rises from each entry to the next, whatever the clock does. */
  readonly id: string;
  readonly delta: Delta;
}

/** When an entry was written, ms of the shard's clock; of one that was written while the clock was behind what it had been, that. */
export const writtenAtMs = (id: string): number => Number.parseInt(id, 10);

/** Whether an entry came after another one; '' is before all. */
export function isLater(id: string, other: string): boolean {
  const [ms, otherMs] = [writtenAtMs(id), other === '' ? -1 : writtenAtMs(other)];
  return ms > otherMs || (ms === otherMs && Number(id.split('-')[1]) > Number(other.split('-')[1]));
}

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
