import { setTimeout as sleep } from 'node:timers/promises';
import { isPassingFault } from '../platform/errors/error-mapper.js';
import { Unavailable } from '../platform/errors/stoa-error.js';
import type { Appended, AppendItem } from './message.repository.js';

export interface LaneLimits {
  /** Items that may be under way, waiting or in flight. */
  maxItems: number;
  /** Their texts together (UTF-16 units × 2). */
  maxBytes: number;
  /** ms that an item is tried for */
  maxAgeMs: number;
  /** Items in one call. */
  maxBatch: number;
}

/** What a lane asks of Postgres. */
export interface AppendStore {
  /** Answers each item in order; safe to repeat. */
  append(items: AppendItem[]): Promise<Appended[]>;
  /** Those of the conversations that somebody else holds at this moment. */
  heldOf(conversationIds: string[]): Promise<Set<string>>;
}

/** `timed_out`: Postgres gave up on a lock or the whole, and stored nothing. `unknown_outcome`: it may have. */
type RetryReason = 'unknown_outcome' | 'timed_out' | 'conflict' | 'bisected' | 'held';

/** What a lane tells those who count. */
export interface LaneObserver {
  flushed(items: number): void;
  /** One item has its answer, `waitedMs` after it came. */
  answered(outcome: Appended['outcome'], waitedMs: number): void;
  retried(reason: RetryReason): void;
}

interface Entry {
  item: AppendItem;
  bytes: number;
  /** Monotonic (ms). */
  addedAt: number;
  resolve: (appended: Appended) => void;
  reject: (error: unknown) => void;
}

/** SQLSTATE of a deadlock and of a failed serialisation: the transaction did nothing and may run again. */
const CONFLICTS = new Set(['40P01', '40001']);
const MAX_CONFLICTS = 3;

/** SQLSTATE of a lock that was not had in time (1 s): whoever holds a conversation must not stop the others of its lane. */
const LOCK_TIMEOUT = '55P03';
/** ms between two looks at the conversations that are held */
const HELD_DELAY = 100;

/** SQLSTATEs of what Postgres itself ended for the time that it took (1 s for a lock, 3 s for all): nothing was stored. */
const TIME_OUTS = new Set([LOCK_TIMEOUT, '57014']);

/** SQLSTATE of a full disk: nothing was stored, and 8 s make no room. Whoever sends hears of it at once and tries again by itself. */
const DISK_FULL = '53100';

/** ms before the second try, and at most between two */
const RETRY_DELAY = { first: 25, most: 500 };

/**
 * Adaptive group commit: one flush in flight, started when the last returns, so that batches grow with the load by themselves
 * and a lone message waits for nobody. What cannot be stored in time is refused as `UNAVAILABLE`; nothing waits without bound.
 */
export class AppendLane {
  private waiting: Entry[] = [];
  private items = 0;
  private bytes = 0;
  private running: Promise<void> | undefined;
  /** By conversation that somebody else holds: what was said in it, in order, until it is free or the time is up. */
  private readonly held = new Map<string, Entry[]>();
  /** Those of `held` that were found free. */
  private readonly freed = new Set<string>();
  private watching: Promise<void> | undefined;

  constructor(
    private readonly store: AppendStore,
    private readonly limits: LaneLimits,
    private readonly observer: LaneObserver,
  ) {}

  /** Items under way. */
  get depth(): number {
    return this.items;
  }

  /** Resolves after the commit. Rejects with `UNAVAILABLE` when the lane is full or the time is up: then the outcome is unknown. */
  add(item: AppendItem): Promise<Appended> {
    const bytes = item.text.length * 2;
    if (this.items >= this.limits.maxItems || this.bytes + bytes > this.limits.maxBytes)
      return Promise.reject(new Unavailable());
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, bytes, addedAt: performance.now(), resolve, reject });
      this.items += 1;
      this.bytes += bytes;
      this.running ??= this.run();
    });
  }

  /** Ends when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running ?? this.watching) await (this.running ?? this.watching);
  }

  private async run(): Promise<void> {
    // One turn of the event loop: what arrived with the same packet of work is joined from the start.
    await new Promise(setImmediate);
    // Between two flushes only: what is under way of a conversation must not be overtaken by what it had put aside, or overtake it.
    for (this.takeBack(); this.waiting.length > 0; this.takeBack())
      await this.flush(this.waiting.splice(0, this.limits.maxBatch));
    this.running = undefined;
  }

  /** Tries until each entry of the batch is answered. The head of the line waits: order is kept. */
  private async flush(batch: Entry[]): Promise<void> {
    let conflicts = 0;
    /** An earlier try may have stored the batch: then a full disk of a later one proves nothing. */
    let isUnknown = false;
    let live = batch;
    for (let attempt = 0; ; attempt += 1) {
      live = this.refuseExpired(this.withoutHeld(live));
      if (live.length === 0) return;
      try {
        const answers = await this.store.append(live.map((entry) => entry.item));
        this.observer.flushed(live.length);
        return this.answer(live, answers);
      } catch (error) {
        const code = sqlState(error);
        if (CONFLICTS.has(code)) conflicts += 1;
        else if (code === LOCK_TIMEOUT && (await this.findHeld(live))) continue;
        else if (!isPassingFault(error)) return this.bisect(live, error);
        if (conflicts >= MAX_CONFLICTS) return this.refuse(live, error);
        if (code === DISK_FULL && !isUnknown) return this.refuse(live, new Unavailable(error));
        const reason = reasonOf(code);
        isUnknown ||= reason === 'unknown_outcome';
        this.observer.retried(reason);
        await sleep(Math.min(RETRY_DELAY.first * 2 ** Math.min(attempt, 6), RETRY_DELAY.most));
      }
    }
  }

  /** Finds the entry that Postgres cannot take; it alone is refused. */
  private async bisect(batch: Entry[], error: unknown): Promise<void> {
    if (batch.length === 1) return this.refuse(batch, error);
    this.observer.retried('bisected');
    const half = batch.length >> 1;
    await this.flush(batch.slice(0, half));
    await this.flush(batch.slice(half));
  }

  /** Puts aside what belongs to conversations that are held, behind what waits there already. */
  private withoutHeld(batch: Entry[]): Entry[] {
    if (this.held.size === 0) return batch;
    for (const entry of batch) this.held.get(entry.item.conversationId)?.push(entry);
    return batch.filter((entry) => !this.held.has(entry.item.conversationId));
  }

  /** @returns false when none of the conversations is held now: all may be tried again */
  private async findHeld(batch: Entry[]): Promise<boolean> {
    const ids = [...new Set(batch.map((entry) => entry.item.conversationId))];
    const found = await this.store.heldOf(ids).catch(() => new Set<string>());
    if (found.size === 0) return false;
    this.observer.retried('held');
    for (const id of found) this.held.set(id, []);
    this.watching ??= this.watchHeld();
    return true;
  }

  /** Looks until no conversation is held any more. */
  private async watchHeld(): Promise<void> {
    while (this.held.size > 0) {
      await sleep(HELD_DELAY);
      for (const [id, entries] of this.held) this.held.set(id, this.refuseExpired(entries));
      const ids = [...this.held.keys()];
      const still = await this.store.heldOf(ids).catch(() => new Set(ids));
      for (const id of ids) if (!still.has(id) || this.held.get(id)?.length === 0) this.freed.add(id);
      if (this.freed.size > 0) this.running ??= this.run();
    }
    this.watching = undefined;
  }

  /** Takes what was put aside before all that came later, once its conversation is free. */
  private takeBack(): void {
    if (this.freed.size === 0) return;
    this.waiting.unshift(...[...this.freed].flatMap((id) => this.held.get(id) ?? []));
    for (const id of this.freed) this.held.delete(id);
    this.freed.clear();
  }

  private answer(batch: Entry[], answers: Appended[]): void {
    const now = performance.now();
    for (let i = 0; i < batch.length; i += 1) {
      const [entry, answer] = [batch[i] as Entry, answers[i]];
      this.leave(entry);
      if (!answer) {
        entry.reject(new Error('append answered too few items'));
        continue;
      }
      this.observer.answered(answer.outcome, now - entry.addedAt);
      entry.resolve(answer);
    }
  }

  private refuse(batch: Entry[], error: unknown): void {
    for (const entry of batch) {
      this.leave(entry);
      entry.reject(error);
    }
  }

  private refuseExpired(batch: Entry[]): Entry[] {
    const oldest = performance.now() - this.limits.maxAgeMs;
    const isLive = (entry: Entry): boolean => entry.addedAt > oldest;
    if (batch.every(isLive)) return batch;
    this.refuse(
      batch.filter((entry) => !isLive(entry)),
      new Unavailable(),
    );
    return batch.filter(isLive);
  }

  private leave(entry: Entry): void {
    this.items -= 1;
    this.bytes -= entry.bytes;
  }
}

function reasonOf(code: string): RetryReason {
  if (CONFLICTS.has(code)) return 'conflict';
  return TIME_OUTS.has(code) ? 'timed_out' : 'unknown_outcome';
}

function sqlState(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
