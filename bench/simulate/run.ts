import type { ProposedPair } from '../../src/matching/ticket.types.js';
import type { StreamedSearch } from './stream.js';

/** What a policy under test must do. It sees tickets, never how long someone will stay. */
export interface SimulatedPolicy {
  readonly name: string;
  /** How often `tick` is called while anyone waits, ms. */
  readonly tickMs: number;
  readonly waiting: number;
  /** A search comes; pairs that are made at once. */
  arrive(search: StreamedSearch, nowMs: number): ProposedPair[];
  tick(nowMs: number): ProposedPair[];
  leave(search: StreamedSearch, nowMs: number): void;
  /** What the report plots over the day. */
  readings?(nowMs: number): Record<string, number>;
}

/** How each search of a stream ended, by its position. */
export interface Outcome {
  readonly policy: string;
  readonly searches: readonly StreamedSearch[];
  /** ms waited until the partner came or the person left. */
  readonly waitMs: Float64Array;
  /** Position of the partner's search; -1 when nobody came. */
  readonly partner: Int32Array;
  readonly score: Float64Array;
  /** Over the day: number waiting, and what the policy has learnt. */
  readonly readings: { atMs: number; waiting: number; learnt: Record<string, number> }[];
  readonly cpuMs: number;
}

const READINGS = 144;

export interface RunOptions {
  readonly onPair: (pair: ProposedPair) => void;
  readonly onProgress: (share: number) => void;
}

/** Plays a stream to one policy. */
export function runPolicy(
  policy: SimulatedPolicy,
  searches: readonly StreamedSearch[],
  { onPair, onProgress }: RunOptions,
): Outcome {
  const started = process.cpuUsage();
  const outcome: Outcome = {
    policy: policy.name,
    searches,
    waitMs: new Float64Array(searches.length).fill(-1),
    partner: new Int32Array(searches.length).fill(-1),
    score: new Float64Array(searches.length),
    readings: [],
    cpuMs: 0,
  };
  const { tickMs } = policy;
  const leaving = new Map<number, number[]>();
  const endMs = searches.at(-1)?.ticket.sinceMs ?? 0;
  let next = 0;
  let readAt = 0;
  const settle = (pairs: ProposedPair[], nowMs: number) => {
    for (const pair of pairs) {
      record(outcome, pair, nowMs);
      onPair(pair);
    }
  };
  for (let tick = 1; next < searches.length || leaving.size > 0; tick++) {
    const nowMs = tick * tickMs;
    for (; next < searches.length && searches[next]!.ticket.sinceMs <= nowMs; next++) {
      const search = searches[next]!;
      const due = Math.ceil(search.leavesAtMs / tickMs);
      const leavers = leaving.get(due) ?? [];
      leaving.set(due, leavers);
      leavers.push(next);
      settle(policy.arrive(search, search.ticket.sinceMs), search.ticket.sinceMs);
    }
    for (const at of leaving.get(tick) ?? []) {
      if (outcome.waitMs[at]! >= 0) continue;
      outcome.waitMs[at] = searches[at]!.leavesAtMs - searches[at]!.ticket.sinceMs;
      policy.leave(searches[at]!, searches[at]!.leavesAtMs);
    }
    leaving.delete(tick);
    if (policy.waiting > 0) settle(policy.tick(nowMs), nowMs);
    if (nowMs >= readAt && nowMs <= endMs) {
      outcome.readings.push({ atMs: nowMs, waiting: policy.waiting, learnt: policy.readings?.(nowMs) ?? {} });
      readAt += endMs / READINGS;
      onProgress(nowMs / endMs);
    }
  }
  const used = process.cpuUsage(started);
  return { ...outcome, cpuMs: (used.user + used.system) / 1000 };
}

function record(outcome: Outcome, { a, b, score }: ProposedPair, nowMs: number): void {
  const [at, other] = [positionOf(a.searchId), positionOf(b.searchId)];
  for (const [own, partner] of [
    [at, other],
    [other, at],
  ] as const) {
    if (outcome.waitMs[own]! >= 0)
      throw new Error(`${outcome.policy} matched ${a.searchId} and ${b.searchId} too late or twice`);
    outcome.waitMs[own] = nowMs - outcome.searches[own]!.ticket.sinceMs;
    outcome.partner[own] = partner;
    outcome.score[own] = score;
  }
}

function positionOf(searchId: string): number {
  return Number(searchId.slice(1));
}
