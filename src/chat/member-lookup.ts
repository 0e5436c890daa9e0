import { Injectable } from '@nestjs/common';
import { NotFound } from '../platform/errors/stoa-error.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import type { Membership } from './chat.types.js';
import { isHandle } from './conversation-handle.js';
import { ConversationRepository } from './conversation.repository.js';

/** Memberships kept: they never change, and one takes about 300 bytes. */
const MAX_KNOWN = 20_000;

/** Finds a user's own conversation by the name that this user has for it. */
@Injectable()
export class MemberLookup {
  private readonly known = new Map<string, Membership>();
  private readonly loader: BatchLoader<string, Membership>;

  constructor(repository: ConversationRepository) {
    this.loader = new BatchLoader((handles) => repository.memberships(handles));
  }

  /**
   * Answers at once where the membership is remembered.
   * @throws NotFound, at once or as a rejection, when there is no such conversation, or it is not this user's: the two look alike
   */
  find(userId: string, handle: string): Membership | Promise<Membership> {
    const known = this.known.get(handle);
    if (known) return this.ofUser(known, userId);
    if (!isHandle(handle)) throw new NotFound();
    return this.loader.get(handle).then((membership) => this.ofUser(membership, userId));
  }

  /** Keeps what was read elsewhere: whoever is shown a conversation asks about it next. */
  note(membership: Membership): void {
    // Insertion order is the order of use: the least recently used goes first.
    this.known.delete(membership.handle);
    this.known.set(membership.handle, membership);
    const [oldest] = this.known.size > MAX_KNOWN ? this.known.keys() : [];
    if (oldest !== undefined) this.known.delete(oldest);
  }

  /** What is deleted must not be found again. */
  forget(handle: string): void {
    this.known.delete(handle);
  }

  private ofUser(membership: Membership | undefined, userId: string): Membership {
    if (membership?.userId !== userId) throw new NotFound();
    this.note(membership);
    return membership;
  }
}
