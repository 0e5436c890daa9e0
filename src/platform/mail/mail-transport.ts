import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import nodemailer from 'nodemailer';

/** One mail of plain text. */
export interface Mail {
  /** One address, already found to be one (`canonicalEmail`). */
  to: string;
  subject: string;
  text: string;
  /** The same for every try of one mail: a mail that arrives twice is seen to be one. Letters, digits, `-`, `.`. */
  id: string;
  /** What kind of mail it is, in kebab case; part of the file name. */
  kind: string;
}

/** The server will not take mails for this address, now or later: the mailbox is gone, or wants none. */
export class MailRefused extends Error {}

/**
 * The mail was not taken over, and may be another time. Of the reason only what stands in fixed words: what a server says, and what a
 * file system says of a path, names whom the mail is for, and an error is kept in logs and in the queue.
 */
export class MailNotTaken extends Error {
  readonly code: string | undefined;

  constructor(reason: unknown) {
    const { code, responseCode, command, syscall } = (reason ?? {}) as Record<string, unknown>;
    const facts = [code, responseCode, command ?? syscall].filter(
      (fact) => typeof fact === 'number' || (typeof fact === 'string' && FIXED_WORDS.test(fact)),
    );
    super(['the mail was not taken over', ...facts].join(' '));
    this.name = 'MailNotTaken';
    this.code = typeof code === 'string' && FIXED_WORDS.test(code) ? code : undefined;
  }
}

/** `EENVELOPE`, `RCPT TO`, `rename`: no address is one of these. */
const FIXED_WORDS = /^[A-Za-z_\d -]{1,40}$/;

/** Where mails go. Resolves when the mail is taken over; rejects with `MailRefused` for good, with `MailNotTaken`: try again later. */
export interface MailTransport {
  send(mail: Mail, from: string): Promise<void>;
}

/** ms */
const SMTP_TIMEOUT = 10_000;

export function smtpTransport(url: string, host: string): MailTransport {
  const server = nodemailer.createTransport({
    url,
    connectionTimeout: SMTP_TIMEOUT,
    greetingTimeout: SMTP_TIMEOUT,
    socketTimeout: SMTP_TIMEOUT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async ({ to, subject, text, id }, from) => {
      const mail = { from, to: { name: '', address: to }, subject, text, messageId: `<${id}@${host}>` };
      await server.sendMail(mail).catch((error: unknown) => {
        throw isFinal(error) ? new MailRefused('the server refuses the mail') : new MailNotTaken(error);
      });
    },
  };
}

/** A 5xx about whom the mail is for. One about ourselves, the sender or what is said passes once that is set right. */
function isFinal(error: unknown): boolean {
  const { command, responseCode = 0 } = error as { command?: string; responseCode?: number };
  return command === 'RCPT TO' && responseCode >= 500 && responseCode < 600;
}

/** Mails as files that a person can find and read: `2026-11-24T080312Z confirm-registration ada@example.com 1f0c….eml`. */
export function folderTransport(folder: string, host: string): MailTransport {
  return {
    send: (mail, from) =>
      write(folder, host, { ...mail, from }).catch((error: unknown) => {
        throw new MailNotTaken(error);
      }),
  };
}

async function write(
  folder: string,
  host: string,
  { to, subject, text, id, kind, from }: Mail & { from: string },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const date = new Date();
  const stamp = date.toISOString().replaceAll(':', '').replace(/\.\d+/, '');
  const name = `${stamp} ${kind} ${to.replaceAll(/[^\w.@+-]/g, '_')} ${id.slice(0, 8)}.eml`;
  const headers = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${date.toUTCString()}`,
    `Message-ID: <${id}@${host}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  // Named only when it is whole: whoever watches the folder never reads half a mail.
  const draft = join(folder, `.${id}.draft`);
  await writeFile(draft, `${headers.join('\n')}\n\n${text}\n`, { mode: 0o600 });
  await rename(draft, join(folder, name));
}
