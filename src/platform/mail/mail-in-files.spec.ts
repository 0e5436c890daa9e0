import { describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { MailInFiles } from './mail-in-files.js';

async function told(mail: object, environment: string): Promise<[number, string | undefined]> {
  const [warn, metrics] = [vi.fn(), new Metrics()];
  new MailInFiles(mail as never, { environment } as never, { warn } as never, metrics).onApplicationBootstrap();
  return [warn.mock.calls.length, /^stoa_mail_in_files (\d)$/m.exec(await metrics.registry.metrics())?.[1]];
}

describe('MailInFiles', () => {
  it('warns in production where no server takes the mails, and tells it by its metric everywhere', async () => {
    expect(await told({}, 'production')).toEqual([1, '1']);
    expect(await told({ smtpUrl: 'smtp://mail.example' }, 'production')).toEqual([0, '0']);
    expect(await told({}, 'development')).toEqual([0, '1']);
  });
});
