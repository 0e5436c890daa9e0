import { domainToASCII } from 'node:url';

/** characters, RFC 5321 */
const MAX_LENGTH = 254;
const MAX_LOCAL = 64;

/** One `@`, no space, control, quote or angle: nothing that could end a header line or name a second recipient. */
const SHAPE = /^([^\s@"'<>(),:;[\]\\\p{C}]+)@([^\s@"'<>(),:;[\]\\\p{C}]+)$/u;
const DOMAIN = /^(?=.{1,253}$)([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d-]{2,63}$/;

/** An address as its mails are addressed, and as it is compared. */
export interface EmailForms {
  /** The local part as it was typed, the domain in ASCII: what looks like another domain does not read as it. */
  written: string;
  canonical: string;
}

/**
 * The one form in which an address is compared and counted: NFC, the domain in ASCII, all in lower case. Dots and plus signs stay:
 * only the owner's provider knows what they mean. Undefined for what is no address.
 */
export const canonicalEmail = (text: string): string | undefined => emailForms(text)?.canonical;

/** Undefined for what is no address. */
export function emailForms(text: string): EmailForms | undefined {
  const [, local = '', domain = ''] = SHAPE.exec(text.trim().normalize('NFC')) ?? [];
  const ascii = domainToASCII(domain).toLowerCase();
  if (local === '' || local.length > MAX_LOCAL || /^\.|\.$|\.\./.test(local) || !DOMAIN.test(ascii)) return undefined;
  const canonical = `${local.toLowerCase().normalize('NFC')}@${ascii}`;
  return canonical.length > MAX_LENGTH ? undefined : { written: `${local}@${ascii}`, canonical };
}
