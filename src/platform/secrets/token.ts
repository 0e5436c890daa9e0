import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, base64url: 43 characters. */
const SHAPE = /^[\w-]{43}$/;

/** A secret that only its holder has; stored as `hashToken` of it. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** False for what no token can be: no store needs to be asked. */
export const isToken = (value: unknown): value is string => typeof value === 'string' && SHAPE.test(value);

/** SHA-256, hex. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
