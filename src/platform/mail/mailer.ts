import { Injectable } from '@nestjs/common';
import { HttpConfig, MailConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { MailRefused, folderTransport, smtpTransport } from './mail-transport.js';
import type { Mail, MailTransport } from './mail-transport.js';

/** Sends mails: by SMTP, or into a folder where no SMTP is set. Called from jobs only, which try again. */
@Injectable()
export class Mailer {
  private readonly transport: MailTransport;
  private readonly sent;
  private readonly refused;

  constructor(
    private readonly config: MailConfig,
    private readonly log: Log,
    { publicOrigin }: HttpConfig,
    metrics: Metrics,
  ) {
    const host = new URL(publicOrigin).hostname;
    this.transport = config.smtpUrl ? smtpTransport(config.smtpUrl, host) : folderTransport(config.dir, host);
    this.refused = metrics.counter('stoa_mail_refused_total', 'Mails that the server will never take', {
      labels: ['kind'],
    });
    this.sent = metrics.counter('stoa_mail_sent_total', 'Mails taken over by the transport', { labels: ['kind'] });
  }

  /** Resolves when the mail was taken over or refused for good: nothing is to be tried again. Rejects otherwise. */
  async send(mail: Mail): Promise<void> {
    try {
      await this.transport.send(mail, this.config.from);
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error;
      this.refused.inc({ kind: mail.kind });
      this.log.warn({ event: 'mail.refused', kind: mail.kind, mailId: mail.id });
      return;
    }
    this.sent.inc({ kind: mail.kind });
    this.log.info({ event: 'mail.sent', kind: mail.kind, mailId: mail.id });
  }
}
