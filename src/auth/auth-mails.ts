import type { Mail } from '../platform/mail/mail-transport.js';

/** Lifetimes of mailed tokens (ms): registration a day, the others ten minutes. */
export const TOKEN_TTL = { registration: 24 * 3_600_000, password_reset: 600_000, email_change: 600_000 } as const;

/** Page of the web client that takes each token. */
const PAGE = { registration: 'confirm', password_reset: 'reset', email_change: 'email-change' } as const;

type TokenKind = keyof typeof TOKEN_TTL;

export type MailText = Pick<Mail, 'subject' | 'text' | 'kind'>;

/** The token in the fragment: no server, proxy or referrer ever sees it. Built from the public origin, never from a request. */
export const tokenLink = (publicOrigin: string, kind: TokenKind, token: string): string =>
  `${publicOrigin}/${PAGE[kind]}#token=${token}`;

/** `27 Nov 2026, 03:50 UTC`: of one's own request somebody knows when it was. */
const timeOf = (date: Date): string =>
  `${date.toLocaleString('en-GB', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'short' })} UTC`;

const mail = (kind: string, subject: string, ...lines: string[]): MailText => ({
  kind,
  subject,
  text: [...lines, '', 'Stoa'].join('\n'),
});

/** Fixed texts: nothing that a person wrote goes into a mail. */
export const MAILS = {
  confirmRegistration: (link: string, askedAt: Date): MailText =>
    mail(
      'confirm-registration',
      'Confirm your address for Stoa',
      `Somebody, perhaps you, asked on ${timeOf(askedAt)} to register at Stoa with this address.`,
      'If that was you, open this link within a day to finish your registration:',
      '',
      link,
      '',
      'If it was not you, or not at that time, do not open the link: it makes an account here with a password that',
      'somebody else has chosen. Without it nothing happens.',
    ),
  accountExists: (): MailText =>
    mail(
      'account-exists',
      'You already have an account at Stoa',
      'Somebody, perhaps you, tried to register at Stoa with this address. It has an account already: sign in with it,',
      'or ask for a new password on the sign-in page. If this was not you, there is nothing to do.',
    ),
  resetPassword: (link: string, askedAt: Date): MailText =>
    mail(
      'reset-password',
      'A new password for Stoa',
      `Somebody, perhaps you, asked on ${timeOf(askedAt)} for a new password at Stoa.`,
      'If that was you, open this link within ten minutes to choose one:',
      '',
      link,
      '',
      'If it was not you, do not open the link: without it your password stays as it is.',
    ),
  confirmEmailChange: (link: string, askedAt: Date): MailText =>
    mail(
      'confirm-email-change',
      'Confirm your new address for Stoa',
      `Somebody, perhaps you, asked on ${timeOf(askedAt)} to use this address for an account at Stoa.`,
      'If that was you, open this link within ten minutes, in the browser where you are signed in:',
      '',
      link,
      '',
      'If it was not you, do not open the link: without it nothing happens.',
    ),
  emailChangeAsked: (): MailText =>
    mail(
      'email-change-asked',
      'Your address at Stoa is about to change',
      'Somebody who knows your password asked to use another address for your account at Stoa.',
      'If this was not you, ask for a new password on the sign-in page now.',
    ),
  failedSignIns: (): MailText =>
    mail(
      'failed-sign-ins',
      'Somebody tries to sign in to your account at Stoa',
      'Within an hour ten tries to sign in to your account have failed.',
      'If it was you, ask for a new password on the sign-in page. If not, and your password is one that you use elsewhere, choose another.',
    ),
  passwordChanged: (): MailText =>
    mail(
      'password-changed',
      'Your password at Stoa was changed',
      'Your password was changed and every session was signed out.',
      'If this was not you, ask for a new password on the sign-in page now.',
    ),
  emailChanged: (): MailText =>
    mail(
      'email-changed',
      'Your address at Stoa was changed',
      'Your account at Stoa uses another address from now on; this one is no longer known there.',
    ),
} as const;
