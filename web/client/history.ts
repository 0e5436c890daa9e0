import type { MessagePage } from '../../src/contracts/state.dto.js';
import { applyMessages } from './reduce.js';
import type { PastChat, Snapshot } from './snapshot.js';
import type { Store } from './store.js';
import { asStoaError } from './stoa-error.js';
import { newest, nextHole, PAGE } from './timeline.js';
import type { Hole } from './timeline.js';

const PAUSE_MS = 1_000;
/** What the partner said just before an own message may be on its way to us for so long (ms). */
const SETTLE_MS = 300;
/** Messages in a page once one has not come in time: a hundred of the longest are 800 KB, 20 a fifth of that. */
const SHORT_PAGE = 20;
/** Times that a past conversation is asked for when the server, or the network, cannot answer. */
const MOST_TRIES = 5;

export interface HistorySource {
  /** `conversation:sync`; throws StoaError. */
  sync(conversationId: string, hole: Hole): Promise<MessagePage>;
  /** The same over HTTP, also for a conversation that has ended. */
  read(conversationId: string, hole: Hole): Promise<MessagePage>;
}

/** Fills the holes in what is known of a conversation, one request at a time. */
export class History {
  private filling = false;
  /** Messages asked for at once. */
  private page = PAGE;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The past conversation that was read, or is being read. */
  private pastId: string | undefined;
  private pastTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly source: HistorySource,
  ) {}

  /** Syncs until nothing is missing, the server has no more, or the connection is gone. */
  async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    clearTimeout(this.timer);
    try {
      for (let gap = this.openGap(); gap; gap = this.openGap()) {
        const page = await this.source.sync(gap.conversationId, gap.hole);
        this.take(gap.conversationId, page);
        if (page.messages.length === 0) break;
      }
    } catch (error) {
      const { retryable, retryAfterMs, code } = asStoaError(error);
      // Asked again as it was, it would come too late again, and all else behind it.
      if (code === 'TIMEOUT') this.page = SHORT_PAGE;
      if (retryable && code !== 'OFFLINE') this.fillIn(Math.max(PAUSE_MS, retryAfterMs));
    } finally {
      this.filling = false;
    }
  }

  /** Fills what an acknowledgement showed to be missing, unless it comes by itself in a moment. */
  fillSoon(): void {
    if (!this.openGap()) return;
    this.fillIn(SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.pastTimer);
    this.pastId = undefined;
  }

  /**
   * Reads what a conversation that has ended still lacks, once: its last words may have come as the end did, with no
   * word of them. To be called after every change.
   */
  readPast(): void {
    const id = this.past()?.conversation.id;
    if (id === this.pastId) return;
    clearTimeout(this.pastTimer);
    this.pastId = id;
    if (id !== undefined) void this.read(id, MOST_TRIES);
  }

  private async read(id: string, tries: number): Promise<void> {
    try {
      await this.readFrom(id);
    } catch (error) {
      // Its retention may be over: then it stays as it is.
      const { retryable, retryAfterMs } = asStoaError(error);
      if (!retryable || tries <= 1 || id !== this.pastId) return;
      const wait = Math.max(PAUSE_MS * 2 ** (MOST_TRIES - tries), retryAfterMs);
      this.pastTimer = setTimeout(() => void this.read(id, tries - 1), wait);
    }
  }

  /** First what came last, also when nothing is known to be missing; then whatever is, as far as the server has it. */
  private async readFrom(id: string): Promise<void> {
    const known = this.past();
    let hole: Hole | null = known ? newest(known.timeline) : null;
    while (hole) {
      this.take(id, await this.source.read(id, hole));
      const past = this.past();
      if (past?.conversation.id !== id) return;
      const next = nextHole(past.timeline);
      hole = next?.after === hole.after ? null : next;
    }
  }

  private past(): PastChat | undefined {
    return this.store.getSnapshot().past;
  }

  private fillIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.fill(), ms);
  }

  private openGap(): { conversationId: string; hole: Hole } | undefined {
    const { chat, connection } = this.store.getSnapshot();
    const hole = chat && nextHole(chat.timeline, this.page);
    return hole && connection === 'online' ? { conversationId: chat.conversation.id, hole } : undefined;
  }

  private take(conversationId: string, page: MessagePage): void {
    this.store.update((snapshot) => applyMessages(snapshot, conversationId, page.messages, page.lastSeq));
  }
}
