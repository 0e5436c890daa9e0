// Where things are. Imported first by every script, so that an old Node says so before anything else fails.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Stoa needs Node 20 or newer to start; this is ${process.version}.`);
  process.exit(1);
}

export const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that lives longer than one run: database, secrets, private binaries, logs. */
export const dataFolder = join(root, '.data');

/** The Node that runs Stoa itself: the one that the lock file names, else this one if it is new enough. */
export function node24() {
  const installed = join(root, 'node_modules/.bin/node');
  if (existsSync(installed)) return installed;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  // From then on it has Argon2id.
  if (major > 24 || (major === 24 && minor >= 7)) return process.execPath;
  throw new Error(
    `there is no packaged Node 24 for ${process.platform}-${process.arch}: install Node 24.7 or newer yourself`,
  );
}
