import crypto from 'node:crypto';

/** What this Node lacks, one readable line for each. Asked for by what it can, not by its number: passwords are hashed by Argon2id. */
export const runtimeFaults = (): string[] =>
  typeof crypto.argon2Sync === 'function' ? [] : [`Node ${process.version} has no Argon2id: 24.7 or newer is needed`];
