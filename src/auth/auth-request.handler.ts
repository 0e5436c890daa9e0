import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { canonicalEmail } from '../platform/mail/email-address.js';
import { Mailer } from '../platform/mail/mailer.js';
import type { Transaction } from '../platform/postgres/database.js';
import { runInContext } from '../platform/request-context/request-context.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import { MAILS, TOKEN_TTL, tokenLink } from './auth-mails.js';
import type { MailText } from './auth-mails.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import type { ClaimedRequest } from './auth-request.types.js';
import { MemberRepository } from './member.repository.js';
import type { Credentials } from './member.repository.js';
import { hashToken, newToken } from '../platform/secrets/token.js';

/** Sign-ins to one account that may fail within an hour before its owner is told. */
const FAILURES_UNTIL_NOTICE = 10;

interface Letter extends MailText {
  to: string;
}

/** The worker's side of the outbox: here, out of sight of whoever asked, it is decided whether an address is known. */
@Injectable()
export class AuthRequestHandler {
  constructor(
    private readonly repository: AuthRequestRepository,
    private readonly members: MemberRepository,
    private readonly audit: Audit,
    private readonly keys: KeyRing,
    private readonly mailer: Mailer,
    private readonly http: HttpConfig,
  ) {}

  /**
   * Decides, mails, and marks as done. Repeatable: every try sends the same mails under the same ids. All under the id of the
   * HTTP request that put it in, whoever found it: its wake-up, or the sweep when that was lost.
   */
  async handle(id: string): Promise<void> {
    const request = await this.repository.claim(id);
    if (!request) return;
    const { requestId } = request;
    await (requestId ? runInContext({ requestId }, () => this.carryOut(request)) : this.carryOut(request));
  }

  private async carryOut(request: ClaimedRequest): Promise<void> {
    try {
      const letters = request.throttled || request.isLate ? [] : await this.decide(request);
      for (const letter of letters) await this.mailer.send({ ...letter, id: `${request.id}.${letter.kind}` });
      await this.repository.finish(request.id);
    } catch (error) {
      await this.repository.release(request.id);
      throw error;
    }
  }

  private decide(request: ClaimedRequest): Promise<Letter[]> {
    const to = this.keys.unseal('email', request.emailSealed);
    return this.audit.transaction(async (transaction) => {
      const owner = await this.members.findByEmail(canonicalEmail(to) ?? '', transaction);
      switch (request.kind) {
        case 'registration':
          return owner ? this.tellOwner(transaction, request, owner) : this.letRegister(transaction, request, request);
        case 'password_reset':
          return owner ? this.letReset(transaction, request, owner) : [];
        case 'email_change':
          return owner ? this.tellOwner(transaction, request, owner) : this.letChangeEmail(transaction, request, to);
        case 'failed_sign_in':
          return owner ? this.warnOwner(transaction, request, owner) : this.confirmAgain(transaction, request);
        case 'notice':
          return [{ to, ...(request.notice === 'email_changed' ? MAILS.emailChanged() : MAILS.passwordChanged()) }];
      }
    });
  }

  /** At most one such mail a day: registering again and again must not fill somebody's mailbox. */
  private async tellOwner(transaction: Transaction, request: ClaimedRequest, owner: Credentials): Promise<Letter[]> {
    const isFirst = await this.repository.claimNotice(transaction, request, 'account_exists');
    return isFirst ? [{ to: owner.email, ...MAILS.accountExists() }] : [];
  }

  /** Many failed: at most one such mail a day. */
  private async warnOwner(transaction: Transaction, request: ClaimedRequest, owner: Credentials): Promise<Letter[]> {
    const failures = await this.repository.countFailedSignIns(transaction, request);
    if (failures < FAILURES_UNTIL_NOTICE) return [];
    const isFirst = await this.repository.claimNotice(transaction, request, 'failed_sign_ins');
    return isFirst ? [{ to: owner.email, ...MAILS.failedSignIns() }] : [];
  }

  /** The right password of a registration that was never confirmed: its first mail may be lost or too old. */
  private async confirmAgain(transaction: Transaction, request: ClaimedRequest): Promise<Letter[]> {
    if (!request.registrationId) return [];
    const asked = await this.repository.renewRegistration(transaction, request);
    return asked ? this.letRegister(transaction, request, asked) : [];
  }

  /** @param asked the registration itself, which `request` may only repeat */
  private async letRegister(
    transaction: Transaction,
    request: ClaimedRequest,
    asked: Pick<ClaimedRequest, 'emailSealed' | 'askedAt'>,
  ): Promise<Letter[]> {
    const link = await this.giveLink(transaction, request, 'registration');
    return [{ to: this.keys.unseal('email', asked.emailSealed), ...MAILS.confirmRegistration(link, asked.askedAt) }];
  }

  private async letReset(transaction: Transaction, request: ClaimedRequest, owner: Credentials): Promise<Letter[]> {
    const link = await this.giveLink(transaction, request, 'password_reset', owner);
    return [{ to: owner.email, ...MAILS.resetPassword(link, request.askedAt) }];
  }

  private async letChangeEmail(transaction: Transaction, request: ClaimedRequest, to: string): Promise<Letter[]> {
    const member = request.userId ? await this.members.findById(request.userId, transaction) : undefined;
    if (!member || member.credentialsVersion !== request.credentialsVersion) return [];
    const link = await this.giveLink(transaction, request, 'email_change', member);
    return [
      { to, ...MAILS.confirmEmailChange(link, request.askedAt) },
      { to: member.email, ...MAILS.emailChangeAsked() },
    ];
  }

  private async giveLink(
    transaction: Transaction,
    request: ClaimedRequest,
    kind: keyof typeof TOKEN_TTL,
    member?: Credentials,
  ): Promise<string> {
    const token = newToken();
    const sealed = await this.repository.giveToken(transaction, request.id, {
      tokenHash: hashToken(token),
      tokenSealed: this.keys.seal('token', token),
      ttlMs: TOKEN_TTL[kind],
      userId: member?.id ?? null,
      credentialsVersion: member?.credentialsVersion ?? null,
    });
    const target = this.audit.dayDigest(request.emailDigest);
    await this.audit.append(transaction, { event: 'token.give', actor: null, target, reason: kind });
    return tokenLink(this.http.publicOrigin, kind, this.keys.unseal('token', sealed));
  }
}
