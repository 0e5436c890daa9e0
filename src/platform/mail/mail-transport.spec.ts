import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MailRefused, folderTransport, smtpTransport } from './mail-transport.js';

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
});

describe('smtpTransport', () => {
  it('hands the mail to a server, says when it is refused for good, and rejects when there is none', async () => {
    const lines: string[] = [];
    const server = createServer((socket) => {
      let inData = false;
      socket.write('220 test\r\n');
      socket.on('data', (chunk) => {
        for (const line of chunk
          .toString()
          .split('\r\n')
          .filter((l) => l !== '')) {
          lines.push(line);
          if (inData && line !== '.') continue;
          inData = /^DATA/i.test(line);
          if (line.includes('<gone@')) socket.write('550 no such mailbox\r\n');
          else if (line.includes('<full@')) socket.write('452 try later\r\n');
          else if (/^QUIT/i.test(line)) return void socket.end('221 bye\r\n');
          else socket.write(inData ? '354 go on\r\n' : '250 ok\r\n');
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await smtpTransport(`smtp://127.0.0.1:${port}`, 'stoa.example').send(mail, 'Stoa <no-reply@stoa.example>');
    const toServer = smtpTransport(`smtp://127.0.0.1:${port}`, 'stoa.example');
    await expect(toServer.send({ ...mail, to: 'gone@example.com' }, 'a@b.c')).rejects.toBeInstanceOf(MailRefused);
    const passing = toServer.send({ ...mail, to: 'full@example.com' }, 'a@b.c');
    await expect(passing).rejects.toThrow();
    await expect(passing).rejects.not.toBeInstanceOf(MailRefused);
    server.close();
    expect(lines).toContain('RCPT TO:<ada@example.com>');
    expect(lines).toContain('Message-ID: <1f0c0000-confirm@stoa.example>');
    expect(lines).toContain('https://stoa.example/confirm#token=abc');
    await expect(smtpTransport(`smtp://127.0.0.1:${port}`, 'x').send(mail, 'a@b.c')).rejects.toThrow();
  });
});
