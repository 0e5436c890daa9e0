// What a tick costs the picker, by how many wait: CPU of this process, so that it counts on a busy machine too. No Redis.
import { pickPairs } from '../../src/matching/pair-picker.js';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { TICK_MS } from '../../src/matching/search.limits.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import type { SearchQueue } from '../../src/matching/search-queue.js';
import { Crowd, lonely } from './crowd.js';

const TICKS = 200;

interface TickLoad {
  readonly waiting: number;
  readonly perS: number;
  readonly holdMs: number;
}

/** CPU (ms) of each of `TICKS` ticks of 50 ms with a steady stream, `waiting` being there for good. */
export function measureTicks({ waiting, perS, holdMs }: TickLoad): number[] {
  const hold = { ...DEFAULT_POLICY.hold, longestMs: holdMs };
  const { pool, policy } = new ShardMirror({ config: { ...DEFAULT_POLICY, hold } });
  const crowd = new Crowd(undefined as unknown as SearchQueue);
  let came = 0;
  const add = (person: ReturnType<Crowd['next']>, sinceMs: number) => {
    const ticket = { ...person, searchId: `s${came++}`, version: 1, sinceMs };
    pool.add(ticket);
    return ticket;
  };
  for (let i = 0; i < waiting; i += 1) add(lonely(crowd.next(), i), 0);
  let nowMs = 2 * DEFAULT_POLICY.widen.latestMs;
  const tick = () => {
    for (const pair of pickPairs(pool, policy, nowMs)) {
      for (const { searchId } of [pair.a, pair.b]) pool.remove(searchId);
      policy.paired(pair, nowMs);
    }
    nowMs += TICK_MS;
  };
  for (let i = 0; i < 3; i += 1) tick();
  return Array.from({ length: TICKS }, () => {
    for (let i = 0; i < (perS * TICK_MS) / 1_000; i += 1) policy.arrived(add(crowd.next(), nowMs), nowMs);
    const before = process.cpuUsage();
    tick();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
}
