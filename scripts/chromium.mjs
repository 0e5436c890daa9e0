import { existsSync } from 'node:fs';
import { Failure, run } from './processes.mjs';
import { onPath } from './path.mjs';
import { step } from './progress.mjs';

const wayOut = 'install Chromium (Debian: apt-get install chromium), or set CHROMIUM_PATH to its program';

/** The Chromium for the browser tests: the named one, the machine's own, or (as root on Debian) the system's package. */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named && !existsSync(named)) throw new Failure(`CHROMIUM_PATH is ${named}, and there is no such file`);
  const installed = named ?? onPath('chromium');
  if (installed) return installed;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new Failure(`the browser tests need Chromium: ${wayOut}`);
  await step('Installing Chromium from the Debian archive', installPackage);
  const program = onPath('chromium');
  if (!program) throw new Failure(`Debian's chromium package brought no chromium: ${wayOut}`);
  return program;
}

async function installPackage() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { env });
}
