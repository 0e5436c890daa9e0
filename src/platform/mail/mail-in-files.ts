import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { MailConfig, RuntimeConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';

/** How long a mail is kept as a file (ms): as long as the request that it answers. */
const KEPT = 25 * 3_600_000;

/** ms between two looks for old ones: each worker looks after its own disk, so it is no job. */
const LOOK_INTERVAL = 3_600_000;

/**
 * Without SMTP_URL mails are files that nobody is sent: at a desk that is handy, in production nobody can register. It runs all the
 * same, and says so. They name people and hold links: they are forgotten in their time.
 */
@Injectable()
export class MailInFiles implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly isSo: boolean;
  private readonly folder: string;
  private timer?: NodeJS.Timeout;

  constructor(
    { smtpUrl, dir }: MailConfig,
    private readonly runtime: RuntimeConfig,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.isSo = smtpUrl === undefined;
    this.folder = dir;
    metrics.gauge('stoa_mail_in_files', '1 while mails are written to files instead of sent', () => Number(this.isSo));
  }

  onApplicationBootstrap(): void {
    if (!this.isSo) return;
    if (this.runtime.environment === 'production') this.log.warn({ event: 'mail.in_files' });
    this.timer = setInterval(() => void this.forget(), LOOK_INTERVAL).unref();
    void this.forget();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async forget(): Promise<void> {
    try {
      const count = await deleteOlder(this.folder, Date.now() - KEPT);
      if (count > 0) this.log.info({ event: 'mail.files_forgotten', count });
    } catch (error) {
      // The code alone: the message of a file system names the file, and that the person.
      const { code } = error as { code?: unknown };
      if (code !== 'ENOENT') this.log.warn({ event: 'mail.files_kept', reason: String(code) });
    }
  }
}

/** Mails, and drafts of a process that was killed. @returns how many went */
async function deleteOlder(folder: string, beforeMs: number): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  let count = 0;
  for (const entry of entries.filter((e) => e.isFile() && /\.(eml|draft)$/.test(e.name))) {
    const file = join(folder, entry.name);
    if ((await stat(file)).mtimeMs > beforeMs) continue;
    await unlink(file);
    count += 1;
  }
  return count;
}
