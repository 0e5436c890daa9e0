import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { REDIS, REDIS_SUBSCRIBER } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';

/** Sharded pub/sub channel of one process; the tag spreads processes over a cluster. No state, nothing to expire. */
export const channelOf = (processId: string): string => `stoa:{process:${processId}}:inbox`;

/** One hint to another process. Best effort: whatever is lost, the beacon heals. */
export interface ChannelMessage {
  type: string;
  question?: Question;
  [field: string]: unknown;
}

/** What a listener promises is awaited where the sender asked to know (`ask`). */
type ChannelListener = (message: never) => void | Promise<void>;

/** Where the end of what a message asks for is waited for. */
interface Question {
  process: string;
  id: number;
}

/** Done; or nobody listens, or not in time; or it could not be sent. */
export type AskOutcome = 'done' | 'unheard' | 'unsent';

type Answer = { type: 'answer'; id: number };

/** Messages of one turn of the event loop to one process; what is beyond is dropped and counted. */
const MAX_WAITING = 10_000;

/** Sends batches to other processes and receives ours: one channel per process, so cost grows with messages and not with processes. */
@Injectable()
export class ProcessChannel implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Names this process for its whole life. */
  readonly processId = randomUUID();
  private readonly listeners = new Map<string, ChannelListener>();
  private readonly outgoing = new Map<string, ChannelMessage[]>();
  private unheard: (processId: string, message: ChannelMessage) => void = () => undefined;
  private readonly questions = new Map<number, (outcome: AskOutcome) => void>();
  private asked = 0;
  private readonly dropped;
  private readonly batchSize;

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    @Inject(REDIS_SUBSCRIBER) private readonly subscriber: RedisClient,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.dropped = metrics.counter('stoa_channel_dropped_total', 'Hints to other processes that were not sent');
    this.batchSize = metrics.histogram('stoa_channel_batch_messages', 'Hints in one publish', {
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    });
    this.on<Answer>('answer', ({ id }) => this.questions.get(id)?.('done'));
    // Nothing to do: that it is answered is all.
    this.on('echo', () => undefined);
  }

  /** Handles incoming messages of a type; one listener per type. */
  on<Message extends ChannelMessage>(
    type: Message['type'],
    listener: (message: Message) => void | Promise<void>,
  ): void {
    this.listeners.set(type, listener);
  }

  /** Calls `listener` with each message that was sent to a process which nobody is any more. */
  onUnheard(listener: (processId: string, message: ChannelMessage) => void): void {
    this.unheard = listener;
  }

  /** Sends with all else that this turn of the event loop sends to the same process. */
  send(processId: string, message: ChannelMessage): void {
    const waiting = this.outgoing.get(processId);
    if (!waiting) {
      this.outgoing.set(processId, [message]);
      setImmediate(() => void this.flush(processId));
      return;
    }
    if (waiting.length >= MAX_WAITING) this.dropped.inc();
    else waiting.push(message);
  }

  /** Sends, and waits until the other process has done what it says; not where nobody listens or it cannot be sent. Never rejects. */
  async ask(processId: string, message: ChannelMessage, withinMs: number): Promise<AskOutcome> {
    const id = (this.asked += 1);
    const answered = new Promise<AskOutcome>((resolve) => this.questions.set(id, resolve));
    this.send(processId, { ...message, question: { process: this.processId, id } });
    const outcome = await Promise.race([answered, sleep(withinMs, 'unheard' as const, { ref: false })]);
    this.questions.delete(id);
    return outcome;
  }

  /** Whether this process hears what is sent to it; `unsent`: Redis is away, and nobody can tell. */
  echo(withinMs: number): Promise<AskOutcome> {
    return this.ask(this.processId, { type: 'echo' }, withinMs);
  }

  /** Makes the subscription anew, over a new connection. */
  resubscribe(): void {
    this.subscriber.disconnect(true);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.subscriber.on('smessage', (_channel: string, text: string) => this.receive(text));
    const subscribe = (): void => {
      this.subscriber.ssubscribe(channelOf(this.processId)).catch((error: unknown) => {
        this.log.warn({ event: 'channel.subscribe_failed', err: error });
      });
    };
    this.subscriber.on('ready', subscribe);
    if (this.subscriber.status === 'ready') subscribe();
  }

  onApplicationShutdown(): void {
    this.outgoing.clear();
  }

  private async flush(processId: string): Promise<void> {
    const batch = this.outgoing.get(processId) ?? [];
    this.outgoing.delete(processId);
    this.batchSize.observe(batch.length);
    try {
      if ((await this.redis.spublish(channelOf(processId), JSON.stringify(batch))) !== 0) return;
      this.giveUp(batch, 'unheard');
      for (const message of batch) this.unheard(processId, message);
    } catch (error) {
      this.giveUp(batch, 'unsent');
      this.dropped.inc(batch.length);
      this.log.debug({ event: 'channel.publish_failed', messages: batch.length, err: error });
    }
  }

  /** Nobody will answer. */
  private giveUp(batch: ChannelMessage[], outcome: AskOutcome): void {
    for (const { question } of batch) if (question) this.questions.get(question.id)?.(outcome);
  }

  /** Never throws: whoever may publish in Redis must not end this process. */
  private receive(text: string): void {
    try {
      for (const message of JSON.parse(text) as (ChannelMessage | null)[]) if (message?.type) void this.handle(message);
    } catch (error) {
      this.noteFailure('malformed', error);
    }
  }

  /** Never rejects. */
  private async handle(message: ChannelMessage): Promise<void> {
    const { type, question } = message;
    try {
      await this.listeners.get(type)?.(message as never);
    } catch (error) {
      this.noteFailure(type, error);
    }
    if (question) this.send(question.process, { type: 'answer', id: question.id } satisfies Answer);
  }

  private noteFailure(type: string, error: unknown): void {
    this.log.error({ event: 'channel.listener_failed', type, err: error });
  }
}
