import { randomBytes } from 'node:crypto';

/** A new opaque name for a conversation: 128 random bits. */
export const newHandle = (): string => randomBytes(16).toString('base64url');
