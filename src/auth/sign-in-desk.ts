import { Injectable } from '@nestjs/common';
import { DomainEvents } from '../platform/events/domain-events.js';
import type { Transaction } from '../platform/postgres/database.js';
import { ProfileChanged } from './auth.events.js';
import { Unauthenticated } from './auth.errors.js';
import { SignedIn } from './auth.types.js';
import { SessionService } from './session.service.js';
import type { Visitor } from './session.types.js';
import { UserRepository } from './user.repository.js';

/** Signs members in: with a new session, and with what they are at that moment. */
@Injectable()
export class SignInDesk {
  constructor(
    private readonly sessions: SessionService,
    private readonly users: UserRepository,
    private readonly events: DomainEvents,
  ) {}

  /** In the caller's transaction. After the commit: `announce`. */
  async signIn(transaction: Transaction, memberId: string, visitor: Visitor): Promise<SignedIn> {
    const user = await this.users.lock(transaction, memberId);
    if (!user) throw new Unauthenticated();
    return new SignedIn(user, await this.sessions.open(transaction, { id: memberId, kind: 'member' }, visitor));
  }

  /** Ends every session of a user whose rights change. @returns the ids, for `announce` */
  endAll(transaction: Transaction, userId: string): Promise<string[]> {
    return this.sessions.endAll(transaction, userId);
  }

  /** Tells the sockets of sessions that ended with this, and who shows the profile. */
  announce({ user }: SignedIn, visitor: Visitor, ended: string[] = []): void {
    this.sessions.announceReplaced(visitor);
    this.sessions.announceEnded(ended, user.id);
    this.events.publish(new ProfileChanged(user.id));
  }
}
