import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { ConversationIsOver } from './chat.errors.js';
import type { Membership, Slot } from './chat.types.js';
import { PulseRepository } from './pulse.repository.js';
import type { SeenMark } from './pulse.repository.js';
import { TypingRelay } from './typing-relay.js';

/** Longest time between two signs of life that are written (ms). */
const MAX_STEP = 60_000;
/** Conversations remembered as lately alive. */
const MAX_KNOWN = 20_000;

/** Signs of life that are no messages: seen marks and typing. They keep a conversation open, at little cost. */
@Injectable()
export class ConversationPulse {
  /** Signs of typing on their way to the partner. */
  readonly typing = new TypingRelay();
  /** Conversation → when a sign of it was last written (monotonic ms). */
  private readonly written = new Map<string, number>();
  private readonly stepMs: number;
  private readonly open;
  private readonly marks;

  constructor(
    private readonly repository: PulseRepository,
    private readonly log: Log,
    { idleMs }: ConversationConfig,
  ) {
    this.stepMs = Math.min(MAX_STEP, idleMs / 10);
    this.open = new BatchLoader<string, true>((ids) => repository.open(ids));
    this.marks = new BatchLoader<string, { open: boolean; news: number | null }>((keys) => this.writeMarks(keys));
  }

  /** @returns the new mark, or undefined when it is no news. @throws ConversationIsOver */
  async see({ conversationId, slot }: Membership, seq: number): Promise<number | undefined> {
    const mark = await this.marks.get(`${conversationId}:${slot}:${seq}`);
    if (!mark?.open) throw new ConversationIsOver();
    this.keepAlive(conversationId);
    return mark.news ?? undefined;
  }

  /** Any other sign of life. @throws ConversationIsOver */
  async feel({ conversationId }: Membership): Promise<void> {
    if (!(await this.open.get(conversationId))) throw new ConversationIsOver();
    this.keepAlive(conversationId);
  }

  private keepAlive(conversationId: string): void {
    const now = performance.now();
    const last = this.written.get(conversationId);
    if (last !== undefined && now - last < this.stepMs) return;
    this.written.delete(conversationId);
    this.written.set(conversationId, now);
    const [oldest] = this.written.size > MAX_KNOWN ? this.written.keys() : [];
    if (oldest !== undefined) this.written.delete(oldest);
    this.repository
      .touch(conversationId)
      .catch((error: unknown) => this.log.debug({ event: 'conversation.touch_failed', err: error }));
  }

  private async writeMarks(keys: string[]): Promise<Map<string, { open: boolean; news: number | null }>> {
    const marks = keys.map(markOf);
    const found = await this.repository.markSeen(marks);
    return new Map(keys.flatMap((key, i) => (found[i] ? [[key, found[i]] as const] : [])));
  }
}

function markOf(key: string): SeenMark {
  const [conversationId = '', slot, seq] = key.split(':');
  return { conversationId, slot: Number(slot) as Slot, seq: Number(seq) };
}
