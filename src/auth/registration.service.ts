import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Accepted, Register } from '../contracts/account.dto.js';
import { Audit } from '../platform/audit/audit.js';
import type { Transaction } from '../platform/postgres/database.js';
import { AuthRequestService } from './auth-request.service.js';
import { TokenInvalid } from './auth.errors.js';
import { MemberRepository, isAddressTaken } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';
import { requireGoodPassword } from './password-rules.js';
import type { SignedIn } from './auth.types.js';
import type { Visitor } from './session.types.js';
import { SignInDesk } from './sign-in-desk.js';

/** Becoming a member: the request hashes and puts into the outbox, the worker decides, the mailed token makes the account. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly requests: AuthRequestService,
    private readonly hasher: PasswordHasher,
    private readonly members: MemberRepository,
    private readonly desk: SignInDesk,
    private readonly audit: Audit,
  ) {}

  /** The same work and the same answer whether or not the address is known. */
  async ask({ session, overQuietLimit }: Visitor, { email, password }: Register): Promise<Accepted> {
    const { written, canonical } = this.requests.readEmail(email);
    requireGoodPassword(password, canonical);
    const passwordHash = await this.hasher.hash(password);
    const guestId = session?.kind === 'guest' ? session.userId : undefined;
    const target = this.audit.dayDigest(this.requests.digestOf(canonical));
    const id = await this.audit.transaction(async (transaction) => {
      await this.audit.append(transaction, { event: 'registration.ask', actor: null, target });
      return this.requests.submit(transaction, {
        kind: 'registration',
        email: written,
        passwordHash,
        ...(guestId ? { userId: guestId } : {}),
        throttled: overQuietLimit,
      });
    });
    this.requests.wake(id);
    return { status: 'accepted' };
  }

  /** @throws TokenInvalid, also for the loser of two who wanted one address */
  async confirm(visitor: Visitor, token: string): Promise<SignedIn> {
    const { signedIn, ended } = await this.audit
      .transaction(async (transaction) => {
        const id = await this.createMember(transaction, token);
        // Whoever was signed in as the guest, here or elsewhere, is no member yet.
        const ended = await this.desk.endAll(transaction, id);
        await this.audit.append(transaction, { event: 'registration.confirm', actor: id });
        return { signedIn: await this.desk.signIn(transaction, id, visitor), ended };
      })
      .catch((error: unknown) => {
        throw isAddressTaken(error) ? new TokenInvalid() : error;
      });
    this.desk.announce(signedIn, visitor, ended);
    return signedIn;
  }

  private async createMember(transaction: Transaction, token: string): Promise<string> {
    const { email, passwordHash, userId } = await this.requests.useToken(transaction, 'registration', token);
    if (!passwordHash) throw new TokenInvalid();
    if (userId && (await this.members.promoteGuest(transaction, { id: userId, email, passwordHash }))) return userId;
    const id = randomUUID();
    await this.members.insertMember(transaction, { id, email, passwordHash });
    return id;
  }
}
