import { createHash } from 'node:crypto';
import type { SecretKey } from './config.types.js';

/** What `.env.example` shows; a deployment that kept it has no secret at all. */
export const SAMPLE_SECRET = 'change-me-change-me-change-me-change-me';

const MIN_BYTES = 32;

/**
 * Reads a key ring `kid:secret,kid:secret` (a bare secret gets a kid from its digest).
 * Faults name the position of the key, never its value.
 */
export function parseSecretKeys(value: string | undefined, faults: string[]): SecretKey[] {
  if (!value) {
    faults.push('SECRET_KEYS is not set: give at least one key of 32 bytes or more');
    return [];
  }
  const keys = value.split(',').map((entry) => parseKey(entry.trim()));
  keys.forEach((key, i) => {
    if (key.secret.length < MIN_BYTES) faults.push(`SECRET_KEYS: key ${i + 1} is shorter than ${MIN_BYTES} bytes`);
    if (key.secret.toString() === SAMPLE_SECRET) faults.push(`SECRET_KEYS: key ${i + 1} is the sample of .env.example`);
  });
  if (new Set(keys.map((k) => k.kid)).size !== keys.length) faults.push('SECRET_KEYS: two keys have one kid');
  return keys;
}

function parseKey(entry: string): SecretKey {
  const named = /^([\w-]{1,16}):(.+)$/.exec(entry);
  const secret = Buffer.from(named?.[2] ?? entry);
  return { kid: named?.[1] ?? createHash('sha256').update(secret).digest('hex').slice(0, 8), secret };
}
