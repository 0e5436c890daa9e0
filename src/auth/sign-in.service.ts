import { Injectable } from '@nestjs/common';
import type { SignIn } from '../contracts/account.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { canonicalEmail } from '../platform/mail/email-address.js';
import { AuthRequestService } from './auth-request.service.js';
import { LoginFailed } from './auth.errors.js';
import type { SignedIn } from './auth.types.js';
import { CredentialCheck } from './credential-check.js';
import type { Visitor } from './session.types.js';
import { SignInDesk } from './sign-in-desk.js';

interface Refusal {
  email: string;
  digest: string;
  registrationId?: string;
}

/**
 * Signing in. Unknown, wrong, unconfirmed and suspended cost and answer the same: one look-up, one Argon2id, one audit row, one row
 * in the outbox, where the worker decides whether somebody has to hear of it.
 */
@Injectable()
export class SignInService {
  constructor(
    private readonly credentials: CredentialCheck,
    private readonly requests: AuthRequestService,
    private readonly desk: SignInDesk,
    private readonly audit: Audit,
  ) {}

  /** @throws LoginFailed */
  async signIn(visitor: Visitor, { email, password }: SignIn): Promise<SignedIn> {
    const canonical = canonicalEmail(email) ?? email.toLowerCase();
    const digest = this.requests.digestOf(canonical);
    const { member, registrationId } = await this.credentials.check({ canonical, digest }, password);
    if (!member) return this.refuse({ email, digest, ...(registrationId ? { registrationId } : {}) });
    const signedIn = await this.audit.transaction(async (transaction) => {
      await this.audit.append(transaction, { event: 'login', actor: member.id });
      return this.desk.signIn(transaction, member.id, visitor);
    });
    this.desk.announce(signedIn, visitor);
    this.credentials.renew(member, password);
    return signedIn;
  }

  private async refuse({ email, digest, registrationId }: Refusal): Promise<never> {
    const refused = { event: 'login', actor: null, result: 'refused', reason: 'LOGIN_FAILED' } as const;
    const id = await this.audit.transaction(async (transaction) => {
      await this.audit.append(transaction, { ...refused, target: this.audit.dayDigest(digest) });
      return this.requests.submit(transaction, {
        kind: 'failed_sign_in',
        email,
        ...(registrationId ? { registrationId } : {}),
      });
    });
    this.requests.wake(id);
    throw new LoginFailed();
  }
}
