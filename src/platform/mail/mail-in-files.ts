import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { MailConfig, RuntimeConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';

/** Without SMTP_URL mails are files that nobody is sent: at a desk that is handy, in production nobody can register. It runs all the same, and says so. */
@Injectable()
export class MailInFiles implements OnApplicationBootstrap {
  private readonly isSo: boolean;

  constructor(
    { smtpUrl }: MailConfig,
    private readonly runtime: RuntimeConfig,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.isSo = smtpUrl === undefined;
    metrics.gauge('stoa_mail_in_files', '1 while mails are written to files instead of sent', () => Number(this.isSo));
  }

  onApplicationBootstrap(): void {
    if (this.isSo && this.runtime.environment === 'production') this.log.warn({ event: 'mail.in_files' });
  }
}
