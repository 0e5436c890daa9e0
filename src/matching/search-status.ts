import type { SearchStatus } from '../contracts/state.dto.js';
import { sizeWord } from './shard-report.js';
import type { ProfileReport } from './shard-report.js';
import { unpackFacts } from './ticket-packing.js';
import { wideningWords } from './widen.js';

interface Known {
  /** Absent: no runner has spoken of such searches lately. */
  readonly report?: ProfileReport | undefined;
  /** Its owner was told that it is widened: a runner that takes over widens it again with its first look, for it has waited longer since. */
  readonly wasWidened: boolean;
  /** ms of the shard's clock */
  readonly nowMs: number;
}

/** Without a report neither is known: the wait is not guessed, and for the size of the pool, which has no word for that, `few` stands. */
export function describeSearch(
  { attrs, sinceMs }: { attrs: string; sinceMs: number },
  { report, wasWidened, nowMs }: Known,
): Omit<SearchStatus, 'searchId'> & { isWidened: boolean } {
  const waitedMs = Math.max(0, nowMs - sinceMs);
  const isWidened = wasWidened || sinceMs <= (report?.widenedSinceMs ?? -Infinity);
  const prospect = isWidened ? (report?.wide ?? report?.plain) : report?.plain;
  return {
    waitedMs,
    estimatedWaitMs: prospect?.hasHope === true ? (report?.medianWaitMs ?? null) : null,
    poolSize: sizeWord(prospect?.fitting ?? 0),
    widened: wideningWords(unpackFacts(attrs), isWidened, leftMs(report?.widensAtMs ?? [], waitedMs)),
    isWidened,
  };
}

/**
 * ms until the search is widened. The runner does so with its next look (0) where the last of these has passed: it was due before, or
 * has just become so.
 */
function leftMs(widensAtMs: readonly number[], waitedMs: number): number | undefined {
  const next = widensAtMs.find((atMs) => atMs > waitedMs);
  if (next !== undefined) return next - waitedMs;
  return widensAtMs.length > 0 ? 0 : undefined;
}
