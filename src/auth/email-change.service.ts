import { Injectable } from '@nestjs/common';
import type { Accepted, ChangeEmail } from '../contracts/account.dto.js';
import { Audit } from '../platform/audit/audit.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { AuthRequestService } from './auth-request.service.js';
import { Forbidden, LoginFailed, TokenInvalid } from './auth.errors.js';
import { MemberRepository, isAddressTaken } from './member.repository.js';
import type { Credentials } from './member.repository.js';
import type { SignedIn } from './auth.types.js';
import { CredentialCheck } from './credential-check.js';
import type { Visitor } from './session.types.js';
import { SignInDesk } from './sign-in-desk.js';

/** Another address for a member: asked with the password, confirmed from the new address, told to the old one. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly requests: AuthRequestService,
    private readonly credentials: CredentialCheck,
    private readonly members: MemberRepository,
    private readonly desk: SignInDesk,
    private readonly audit: Audit,
  ) {}

  /**
   * The same work and the same answer whether or not the new address is known.
   * @throws Forbidden for a guest, LoginFailed for the wrong password
   */
  async ask({ userId }: Identity, { email, password }: ChangeEmail): Promise<Accepted> {
    const { written } = this.requests.readEmail(email);
    const member = await this.reauthenticate(userId, password);
    const id = await this.audit.transaction(async (transaction) => {
      await this.audit.append(transaction, { event: 'email.ask_change' });
      return this.requests.submit(transaction, {
        kind: 'email_change',
        email: written,
        userId,
        credentialsVersion: member.credentialsVersion,
      });
    });
    this.requests.wake(id);
    return { status: 'accepted' };
  }

  /**
   * By the member who asked, signed in; with a new session.
   * @throws TokenInvalid
   */
  async confirm(visitor: Visitor, token: string): Promise<SignedIn> {
    const { signedIn, notice } = await this.audit
      .transaction(async (transaction) => {
        const used = await this.requests.useToken(transaction, 'email_change', token);
        const { userId, credentialsVersion, email } = used;
        if (!userId || credentialsVersion === null || userId !== visitor.session?.userId) throw new TokenInvalid();
        const before = await this.members.findById(userId, transaction);
        if (!before || !(await this.members.changeEmail(transaction, userId, credentialsVersion, email)))
          throw new TokenInvalid();
        await this.audit.append(transaction, { event: 'email.change', actor: userId });
        const notice = await this.requests.submit(transaction, {
          kind: 'notice',
          notice: 'email_changed',
          email: before.email,
          userId,
        });
        return { signedIn: await this.desk.signIn(transaction, userId, visitor), notice };
      })
      .catch((error: unknown) => {
        throw isAddressTaken(error) ? new TokenInvalid() : error;
      });
    this.desk.announce(signedIn, visitor);
    this.requests.wake(notice);
    return signedIn;
  }

  private async reauthenticate(userId: string, password: string): Promise<Credentials> {
    const member = await this.members.findById(userId);
    if (!member) throw new Forbidden();
    if (await this.credentials.verify(password, member)) return member;
    await this.audit.transaction((transaction) =>
      this.audit.append(transaction, { event: 'reauthentication', result: 'refused', reason: 'LOGIN_FAILED' }),
    );
    throw new LoginFailed();
  }
}
