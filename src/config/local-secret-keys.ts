import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The key ring of a desk installation: made once, kept in a file (0600), shared by all processes of this folder.
 * Never used in production, where a missing ring must stop the start.
 */
export function localSecretKeys(file = '.data/secret-keys'): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    mkdirSync(dirname(file), { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `local:${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    try {
      // A link fails when the file exists: of two processes that start together, both use the first one's ring.
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft);
    }
    return readFileSync(file, 'utf8').trim();
  }
}
