import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startMailServer } from '../../../test/support/mail-server.js';
import { MailNotTaken, MailRefused, folderTransport, smtpTransport } from './mail-transport.js';

const mail = {
  to: 'ada@example.com',
  subject: 'Confirm your address',
  text: 'Open\nhttps://stoa.example/confirm#token=abc\n',
  id: '1f0c0000-confirm',
  kind: 'confirm-registration',
};

describe('folderTransport', () => {
  it('writes a readable file, once for every try of one mail in a second, and leaves no drafts', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'stoa-mail-')), 'out');
    await folderTransport(folder, 'stoa.example').send(mail, 'Stoa <no-reply@stoa.example>');
    const [file = '', ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z confirm-registration ada@example\.com 1f0c0000\.eml$/);
    const content = readFileSync(join(folder, file), 'utf8');
    expect(content).toContain('\nTo: ada@example.com\nSubject: Confirm your address\n');
    expect(content).toContain('\n\nOpen\nhttps://stoa.example/confirm#token=abc\n');
  });

  it('names nobody when it cannot write, though the path does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-mail-'));
    // In the way of the file's name: the draft is written, and the rename fails with both paths.
    for (const second of [0, 1, 2, 3]) {
      const stamp = new Date(Date.now() + second * 1_000).toISOString().replaceAll(':', '').replace(/\.\d+/, '');
      mkdirSync(join(folder, `${stamp} confirm-registration ada@example.com 1f0c0000.eml`));
    }
    const failed = await folderTransport(folder, 'stoa.example')
      .send(mail, 'a@b.c')
      .catch((error: unknown) => error);
    rmSync(folder, { recursive: true });
    expectNamesNobody(failed);
    expect(failed).toMatchObject({ code: 'EISDIR', message: 'the mail was not taken over EISDIR rename' });
  });
});

/** Whatever is logged of an error, or kept of it in a queue. */
function expectNamesNobody(error: unknown): void {
  expect(error).toBeInstanceOf(MailNotTaken);
  const { message, stack, cause } = error as Error;
  expect([message, stack, JSON.stringify(error)].join(' ')).not.toMatch(/example\.com/);
  expect(cause).toBeUndefined();
}

describe('smtpTransport', () => {
  it('hands the mail to a server, says when it is refused for good, and rejects when there is none', async () => {
    const server = await startMailServer((line) => {
      if (line.includes('<gone@')) return '550 no such mailbox';
      return line.includes('<full@') ? '452 <full@example.com> try later' : undefined;
    });
    const { url, lines } = server;
    await smtpTransport(url, 'stoa.example').send(mail, 'Stoa <no-reply@stoa.example>');
    const toServer = smtpTransport(url, 'stoa.example');
    await expect(toServer.send({ ...mail, to: 'gone@example.com' }, 'a@b.c')).rejects.toBeInstanceOf(MailRefused);
    const passing = await toServer.send({ ...mail, to: 'full@example.com' }, 'a@b.c').catch((error: unknown) => error);
    expectNamesNobody(passing);
    expect(passing).toMatchObject({ message: 'the mail was not taken over EENVELOPE 452 RCPT TO' });
    await server.stop();
    expect(lines).toContain('RCPT TO:<ada@example.com>');
    expect(lines).toContain('Message-ID: <1f0c0000-confirm@stoa.example>');
    expect(lines).toContain('https://stoa.example/confirm#token=abc');
    await expect(smtpTransport(url, 'x').send(mail, 'a@b.c')).rejects.toBeInstanceOf(MailNotTaken);
  });

  it.each(['MAIL FROM', 'DATA'])('tries again where 550 is about the sender: at %s', async (command) => {
    const server = await startMailServer((line) => (line.startsWith(command) ? '550 5.7.1 sender blocked' : undefined));
    const failed = await smtpTransport(server.url, 'stoa.example')
      .send(mail, 'a@b.c')
      .catch((error: unknown) => error);
    await server.stop();
    expect(failed).toMatchObject({ name: 'MailNotTaken', message: expect.stringContaining(`550 ${command}`) });
  });
});
