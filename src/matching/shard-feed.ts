import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import type { Avoidance } from '../safety/avoidance.types.js';
import { parseDelta } from './delta.js';
import { DELTAS_KEPT, DELTAS_PER_POLL, RUNNER_LEASE_MS } from './search.limits.js';
import { pollScript, restScript } from './search.scripts.js';
import type { ShardMirror } from './shard-mirror.js';
import { avoidKey, blockKey, deltasKey, runnerKey, ticketKey, waitingKey } from './shard.keys.js';
import type { PackedTicket } from './ticket-packing.js';

/** Searches read in one round trip while a mirror is built. */
const BUILD_BATCH = 1_000;

/** Keeps a runner's mirror in step with its shard. */
@Injectable()
export class ShardFeed {
  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  /** Renews `runner`'s hold and brings the mirror up to date. False: another one runs the shard. */
  async follow(shard: string, mirror: ShardMirror, runner: string): Promise<boolean> {
    for (;;) {
      const { status, entries } = await this.poll(shard, mirror, runner);
      if (status === 'lost' || (status === 'behind' && !(await this.build(shard, mirror, runner)))) return false;
      if (status === 'ok') await this.applyAll(shard, mirror, entries);
      if (status === 'ok' && entries.length < DELTAS_PER_POLL) return true;
    }
  }

  private async poll(shard: string, mirror: ShardMirror, runner: string) {
    const args = [runner, RUNNER_LEASE_MS, mirror.cursor, DELTAS_PER_POLL];
    const reply = await pollScript.run(this.redis, [runnerKey(shard), deltasKey(shard)], args);
    mirror.nowMs = reply.nowMs;
    return reply;
  }

  /** Lets the shard go; `busy` when somebody waits, unless `anyway`. */
  rest(shard: string, runner: string, anyway: boolean) {
    return restScript.run(this.redis, [runnerKey(shard), waitingKey(shard)], [runner, anyway ? 1 : 0]);
  }

  private async applyAll(
    shard: string,
    mirror: ShardMirror,
    entries: readonly { id: string; fields: string[] }[],
  ): Promise<void> {
    const deltas = entries.map(({ id, fields }) => ({ id, delta: parseDelta(fields) }));
    const tickets = deltas.flatMap(({ delta }) => ('ticket' in delta ? [delta.ticket] : []));
    const avoidances = await this.avoidances(shard, tickets);
    for (const entry of deltas)
      mirror.apply(entry, 'ticket' in entry.delta ? avoidances.get(entry.delta.ticket.userId) : undefined);
  }

  /** Marks the stream, then reads the pool: whatever changes meanwhile comes after the mark, and applying it twice does no harm. False: another one runs the shard. */
  private async build(shard: string, mirror: ShardMirror, runner: string): Promise<boolean> {
    const mark = await this.redis.xadd(deltasKey(shard), 'MAXLEN', '~', String(DELTAS_KEPT), '*', 'op', 'mark');
    mirror.clear();
    const searchIds = await this.redis.zrange(waitingKey(shard), '0', '-1');
    for (let i = 0; i < searchIds.length; i += BUILD_BATCH) {
      const tickets = await this.read(shard, searchIds.slice(i, i + BUILD_BATCH));
      const avoidances = await this.avoidances(shard, tickets);
      for (const ticket of tickets) mirror.put(ticket, avoidances.get(ticket.userId));
      // A large pool takes longer than the hold on the shard lasts.
      if ((await this.poll(shard, mirror, runner)).status === 'lost') return false;
    }
    // Only now: a mirror that was not read to its end is built anew, not followed.
    mirror.built(mark ?? '');
    return true;
  }

  private async read(shard: string, searchIds: readonly string[]): Promise<PackedTicket[]> {
    const pipeline = this.redis.pipeline();
    for (const id of searchIds)
      pipeline.hmget(ticketKey(shard, id), 'state', 'user', 'version', 'since', 'attrs', 'lists');
    const rows = (await answersOf(pipeline)) as (string | null)[][];
    return rows.flatMap(([state, userId, version, sinceMs, attrs, lists], i) =>
      state === 'W' && userId && attrs
        ? [
            {
              searchId: searchIds[i]!,
              userId,
              version: Number(version),
              sinceMs: Number(sinceMs),
              attrs,
              hasLists: lists === '1',
            },
          ]
        : [],
    );
  }

  private async avoidances(shard: string, tickets: readonly PackedTicket[]): Promise<Map<string, Avoidance>> {
    const users = tickets.filter((ticket) => ticket.hasLists).map((ticket) => ticket.userId);
    if (users.length === 0) return new Map();
    const pipeline = this.redis.pipeline();
    for (const userId of users)
      pipeline.smembers(blockKey(shard, userId)).zrange(avoidKey(shard, userId), '0', '-1', 'WITHSCORES');
    const answers = (await answersOf(pipeline)) as string[][];
    return new Map(
      users.map((userId, i) => [userId, { blocked: answers[2 * i]!, recent: pairsOf(answers[2 * i + 1]!) }]),
    );
  }
}

/** The replies of a pipeline; the first error among them is thrown. */
async function answersOf(pipeline: ReturnType<RedisClient['pipeline']>): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

/** ioredis gives members and scores in one flat list. */
function pairsOf(flat: readonly string[]): Avoidance['recent'] {
  return flat.flatMap((userId, i) => (i % 2 === 0 ? [{ userId, untilMs: Number(flat[i + 1]) }] : []));
}
