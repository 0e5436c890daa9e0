// What stands for the base image node:VERSION-SUITE-slim where no registry of images can be asked: a minimal Debian of that suite, the
// Node that the lock file names, and npm. Made once, in .data/image.
import {
  cpSync,
  copyFileSync,
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onPath } from '../path.mjs';
import { Failure, run } from '../processes.mjs';
import { step } from '../progress.mjs';
import { dataFolder, root } from '../project.mjs';

export const imageFolder = join(dataFolder, 'image');

/** Where npm lies on this machine: the image's own comes with Node, of which the packages have the program alone. */
function npmFolder() {
  const program = process.env.npm_execpath ?? onPath('npm');
  if (!program) throw new Failure('there is no npm on this machine');
  return dirname(dirname(realpathSync(program)));
}

async function fill(folder, suite) {
  const debootstrap = onPath('debootstrap');
  if (!debootstrap) throw new Failure('there is no debootstrap on this machine: apt-get install debootstrap');
  await step(`Debian ${suite} for the image`, () => run(debootstrap, ['--variant=minbase', suite, folder]));
  const local = join(folder, 'usr/local');
  copyFileSync(join(root, `node_modules/node-linux-${process.arch}/bin/node`), join(local, 'bin/node'));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(npmFolder(), join(local, 'lib/node_modules/npm'), {
    recursive: true,
    filter: (path) => !path.endsWith('/npmrc'),
  });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  appendFileSync(join(folder, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  appendFileSync(join(folder, 'etc/group'), 'node:x:1000:\n');
  mkdirSync(join(folder, 'home/node'));
  await run('chown', ['1000:1000', join(folder, 'home/node')]);
  for (const name of ['hosts', 'resolv.conf']) writeFileSync(join(folder, 'etc', name), '');
}

/**
 * The folder of the base image.
 * @param {string} image
 */
export async function baseFor(image) {
  const [, version, suite] = /^node:(\d+\.\d+\.\d+)-([a-z]+)-slim$/.exec(image) ?? [];
  if (!suite) throw new Failure(`${image}: not node:VERSION-SUITE-slim`);
  const packaged = JSON.parse(readFileSync(join(root, `node_modules/node-linux-${process.arch}/package.json`), 'utf8'));
  if (packaged.version !== version) throw new Failure(`${image}, but the packages have Node ${packaged.version}`);
  const folder = join(imageFolder, `base-${version}-${suite}`);
  if (existsSync(folder)) return folder;
  mkdirSync(imageFolder, { recursive: true });
  const aside = mkdtempSync(`${folder}-`);
  try {
    await fill(aside, suite);
    await run('chmod', ['755', aside]); // mkdtemp closes it to others
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}
