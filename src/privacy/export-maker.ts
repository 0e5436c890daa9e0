import { Injectable } from '@nestjs/common';
import { UserService } from '../auth/user.service.js';
import { HttpConfig } from '../config/config.types.js';
import { Mailer } from '../platform/mail/mailer.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import { hashToken, newToken } from '../platform/secrets/token.js';
import { exportLink } from './export-link.js';
import { ExportRepository } from './export.repository.js';

/** Makes archives in the worker and mails their links to members. */
@Injectable()
export class ExportMaker {
  constructor(
    private readonly repository: ExportRepository,
    private readonly users: UserService,
    private readonly keys: KeyRing,
    private readonly mailer: Mailer,
    private readonly http: HttpConfig,
  ) {}

  /** Idempotent: every try makes or mails the same. */
  async make(exportId: string): Promise<void> {
    const found = await this.repository.findUnfinished(exportId);
    if (!found) return;
    const { email } = await this.users.viewOf(found.userId);
    const tokenSealed = found.tokenSealed ?? (await this.seal(exportId, found.userId));
    if (!email) return;
    await this.mail(exportId, email, exportLink(this.http.publicOrigin, this.keys.unseal('token', tokenSealed)));
    await this.repository.dropToken(exportId);
  }

  private async seal(exportId: string, userId: string): Promise<string> {
    const archive = await this.repository.collect(userId);
    const token = newToken();
    const tokenSealed = this.keys.seal('token', token);
    const archiveSealed = this.keys.seal('export', JSON.stringify(archive));
    await this.repository.setReady(exportId, { archiveSealed, tokenHash: hashToken(token), tokenSealed });
    return tokenSealed;
  }

  private mail(exportId: string, to: string, link: string): Promise<void> {
    return this.mailer.send({
      id: `${exportId}.export`,
      kind: 'export',
      to,
      subject: 'Your data at Stoa',
      text: [
        'The copy of your data is ready. Open this link within ten minutes, in the browser where you are signed in:',
        '',
        link,
        '',
        'It works once.',
        '',
        'Stoa',
      ].join('\n'),
    });
  }
}
