import { Injectable } from '@nestjs/common';
import { HttpConfig, MailConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { folderTransport, smtpTransport } from './mail-transport.js';
import type { Mail, MailTransport } from './mail-transport.js';

/** Sends mails: by SMTP, or into a folder where no SMTP is set. Called from jobs only, which try again. */
@Injectable()
export class Mailer {
  private readonly transport: MailTransport;
  private readonly sent;

  constructor(
    private readonly config: MailConfig,
    private readonly log: Log,
    { publicOrigin }: HttpConfig,
    metrics: Metrics,
  ) {
    const host = new URL(publicOrigin).hostname;
    this.transport = config.smtpUrl ? smtpTransport(config.smtpUrl, host) : folderTransport(config.dir, host);
    this.sent = metrics.counter('stoa_mail_sent_total', 'Mails taken over by the transport', { labels: ['kind'] });
  }

  /** Rejects when the mail was not taken over. */
  async send(mail: Mail): Promise<void> {
    await this.transport.send(mail, this.config.from);
    this.sent.inc({ kind: mail.kind });
    this.log.info({ event: 'mail.sent', kind: mail.kind, mailId: mail.id });
  }
}
