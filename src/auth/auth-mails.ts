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

const NOT_YOU = 'If this was not you, you can ignore this mail: nothing happens without the link.';
const mail = (kind: string, subject: string, ...lines: string[]): MailText => ({
  kind,
  subject,
  text: [...lines, '', 'Stoa'].join('\n'),
});

/** Fixed texts: nothing that a person wrote goes into a mail. */
export const MAILS = {
  confirmRegistration: (link: string): MailText =>
    mail(
      'confirm-registration',
      'Confirm your address for Stoa',
      'Welcome to Stoa. Open this link within a day to finish your registration:',
      '',
      link,
      '',
      NOT_YOU,
    ),
  accountExists: (): MailText =>
    mail(
      'account-exists',
      'You already have an account at Stoa',
      'Somebody, perhaps you, tried to register at Stoa with this address. It has an account already: sign in with it,',
      'or ask for a new password on the sign-in page. If this was not you, there is nothing to do.',
    ),
  resetPassword: (link: string): MailText =>
    mail(
      'reset-password',
      'A new password for Stoa',
      'Open this link within ten minutes to choose a new password:',
      '',
      link,
      '',
      NOT_YOU,
    ),
  confirmEmailChange: (link: string): MailText =>
    mail(
      'confirm-email-change',
      'Confirm your new address for Stoa',
      'Open this link within ten minutes, in the browser where you are signed in, to use this address from now on:',
      '',
      link,
      '',
      NOT_YOU,
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
