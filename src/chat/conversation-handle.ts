import { randomBytes } from 'node:crypto';

const HANDLE = /^[\w-]{22}$/;

/** A new opaque name for a conversation: 128 random bits. */
export const newHandle = (): string => randomBytes(16).toString('base64url');

/** Whether a text could be one: what could not is never asked for, as Postgres fails whole queries on some texts (NUL). */
export const isHandle = (text: string): boolean => HANDLE.test(text);
