import type { Conversation } from '../../src/contracts/state.dto.js';
import type { Outbox } from './outbox.js';
import type { Snapshot } from './snapshot.js';

/** The part of the Web Storage interface that is used; in browsers `sessionStorage`. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What survives a reload: the open conversation, what is not yet sent in it, and how far the partner has seen. */
export interface Memory {
  readonly outbox: Outbox;
  readonly conversation?: Conversation;
  readonly seenByPartner: number;
}

const KEY = 'stoa.memory.1';
const nothing: Memory = { outbox: [], seenByPartner: 0 };

/** Remembers in the given storage. A storage that is full, broken or forbidden only costs the memory. */
export class SessionMemory {
  private saved = '';

  constructor(private readonly storage: KeyValueStorage | undefined) {}

  /** What was remembered of this user, the outbox cut down to the remembered conversation. */
  load(userId: string): Memory {
    try {
      const memory = JSON.parse(this.storage?.getItem(KEY) ?? 'null') as (Memory & { userId?: string }) | null;
      if (memory?.userId !== userId) return nothing;
      const { conversation, seenByPartner } = memory;
      const outbox = memory.outbox.filter((item) => item.conversationId === conversation?.id);
      return conversation ? { conversation, outbox, seenByPartner } : nothing;
    } catch {
      return nothing;
    }
  }

  /** Only once a user is known: before, there is nothing to remember and something to overwrite. */
  save({ user, outbox, chat }: Snapshot): void {
    if (!user) return;
    const seenByPartner = chat?.seenByPartner ?? 0;
    const text = JSON.stringify({ userId: user.id, outbox, seenByPartner, conversation: chat?.conversation });
    if (text === this.saved) return;
    this.saved = text;
    try {
      this.storage?.setItem(KEY, text);
    } catch {
      // Full or forbidden: the outbox then lives in memory alone, until the page is closed.
    }
  }

  forget(): void {
    this.saved = '';
    try {
      this.storage?.removeItem(KEY);
    } catch {
      // As above.
    }
  }
}
