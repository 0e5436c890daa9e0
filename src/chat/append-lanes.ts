import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { AppendLane } from './append-lane.js';
import type { LaneLimits } from './append-lane.js';
import { MessageRepository } from './message.repository.js';
import type { Appended, AppendItem } from './message.repository.js';

/** Few: a second flush in flight shortens the wait at a low rate and costs batch size at a high one. */
const LANES = 2;

/** The last digits of a conversation's id, which choose its lane: enough to spread, and a small number. */
const LANE_DIGITS = 6;

const LIMITS: LaneLimits = { maxItems: 1_000, maxBytes: 1 << 20, maxAgeMs: 8_000, maxBatch: 256 };

const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** The way of all messages of this process into Postgres; those of one conversation share a lane, in their order. */
@Injectable()
export class AppendLanes implements BeforeApplicationShutdown {
  private readonly lanes: AppendLane[];
  private readonly seconds;
  private readonly outcomes;

  constructor(messages: MessageRepository, metrics: Metrics) {
    const batches = metrics.histogram('stoa_chat_append_batch_messages', 'Messages in one append call', {
      buckets: BATCH_BUCKETS,
    });
    const retries = metrics.counter('stoa_chat_append_retries_total', 'Append calls that were made again', {
      labels: ['reason'],
    });
    this.seconds = metrics.histogram('stoa_chat_append_seconds', 'From the lane to the commit of a message');
    this.outcomes = metrics.counter('stoa_chat_appended_total', 'Messages by what became of them', {
      labels: ['outcome'],
    });
    metrics.gauge('stoa_chat_append_depth', 'Messages under way to Postgres', () =>
      this.lanes.reduce((sum, lane) => sum + lane.depth, 0),
    );
    const observer = {
      flushed: (items: number) => batches.observe(items),
      answered: (outcome: string, waitedMs: number) => {
        this.seconds.observe(waitedMs / 1_000);
        this.outcomes.inc({ outcome });
      },
      retried: (reason: string) => retries.inc({ reason }),
    };
    this.lanes = Array.from({ length: LANES }, () => new AppendLane(messages, LIMITS, observer));
  }

  /** @throws Unavailable when the lane is full or Postgres does not answer in time */
  append(item: AppendItem): Promise<Appended> {
    return this.laneOf(item.conversationId).add(item);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.idle()));
  }

  private laneOf(conversationId: string): AppendLane {
    return this.lanes[Number(conversationId.slice(-LANE_DIGITS)) % LANES] as AppendLane;
  }
}
