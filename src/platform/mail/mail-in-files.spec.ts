import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { MailInFiles } from './mail-in-files.js';

async function told(mail: object, environment: string): Promise<[number, string | undefined]> {
  const [warn, metrics] = [vi.fn(), new Metrics()];
  const mails = new MailInFiles(
    { dir: '/nowhere', ...mail } as never,
    { environment } as never,
    { warn } as never,
    metrics,
  );
  mails.onApplicationBootstrap();
  mails.beforeApplicationShutdown();
  return [warn.mock.calls.length, /^stoa_mail_in_files (\d)$/m.exec(await metrics.registry.metrics())?.[1]];
}

describe('MailInFiles', () => {
  it('warns in production where no server takes the mails, and tells it by its metric everywhere', async () => {
    expect(await told({}, 'production')).toEqual([1, '1']);
    expect(await told({ smtpUrl: 'smtp://mail.example' }, 'production')).toEqual([0, '0']);
    expect(await told({}, 'development')).toEqual([0, '1']);
  });

  it('forgets mails after 25 h, at its start and each hour, and touches nothing else', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stoa-mail-'));
    const write = (name: string, hoursAgo: number): void => {
      const seconds = Date.now() / 1_000 - hoursAgo * 3_600;
      if (name.endsWith('/')) mkdirSync(join(dir, name));
      else writeFileSync(join(dir, name), '');
      utimesSync(join(dir, name), seconds, seconds);
    };
    for (const name of ['old.eml', '.old.draft', 'notes.txt', 'folder.eml/']) write(name, 26);
    write('young.eml', 24);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const info = vi.fn();
    const mails = new MailInFiles({ dir } as never, { environment: 'test' } as never, { info } as never, new Metrics());
    mails.onApplicationBootstrap();
    await vi.waitFor(() => expect(readdirSync(dir).toSorted()).toEqual(['folder.eml', 'notes.txt', 'young.eml']));
    await vi.waitFor(() => expect(info).toHaveBeenCalledWith({ event: 'mail.files_forgotten', count: 2 }));
    write('late.eml', 26);
    vi.advanceTimersByTime(3_600_000);
    await vi.waitFor(() => expect(readdirSync(dir)).not.toContain('late.eml'));
    mails.beforeApplicationShutdown();
    vi.useRealTimers();
    rmSync(dir, { recursive: true });
  });
});
