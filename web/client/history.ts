import type { MessagePage } from '../../src/contracts/state.dto.js';
import { applyMessages } from './reduce.js';
import type { Snapshot } from './snapshot.js';
import type { Store } from './store.js';
import { asStoaError } from './stoa-error.js';
import { nextHole } from './timeline.js';
import type { Hole } from './timeline.js';

const PAUSE_MS = 1_000;
const PAGE = 100;

export interface HistorySource {
  /** `conversation:sync`; throws StoaError. */
  sync(conversationId: string, hole: Hole): Promise<MessagePage>;
  /** The same over HTTP, also for a conversation that has ended. */
  read(conversationId: string, hole: Hole): Promise<MessagePage>;
}

/** Fills the holes in what is known of a conversation, one request at a time. */
export class History {
  private filling = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

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
      if (retryable && code !== 'OFFLINE') {
        this.timer = setTimeout(() => void this.fill(), Math.max(PAUSE_MS, retryAfterMs));
      }
    } finally {
      this.filling = false;
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Reads a conversation that ended unseen, as far as the server still has it. */
  async readPast(): Promise<void> {
    const past = this.store.getSnapshot().past;
    if (!past || past.timeline.messages.length > 0) return;
    const { id } = past.conversation;
    try {
      for (let after = 0, more = true; more;) {
        const page = await this.source.read(id, { after, limit: PAGE });
        this.take(id, page);
        const last = page.messages.at(-1)?.seq ?? after;
        more = last > after && last < page.lastSeq;
        after = last;
      }
    } catch {
      // Its retention may be over, or the network away: then it is shown without its messages.
    }
  }

  private openGap(): { conversationId: string; hole: Hole } | undefined {
    const { chat, connection } = this.store.getSnapshot();
    const hole = chat && nextHole(chat.timeline);
    return hole && connection === 'online' ? { conversationId: chat.conversation.id, hole } : undefined;
  }

  private take(conversationId: string, page: MessagePage): void {
    this.store.update((snapshot) => applyMessages(snapshot, conversationId, page.messages, page.lastSeq));
  }
}
