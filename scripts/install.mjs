import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';
import { Failure, run } from './processes.mjs';
import { step } from './progress.mjs';

const modules = join(root, 'node_modules');

/** The packages of a lock file by path, or none where there is no such file. npm writes the inner one last of all. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

/** Whether node_modules holds what the lock file names, except optional packages of other platforms. */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(modules, '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (present[path] ? present[path].version === version : optional),
  );
}

/** Installs the packages if they are missing, incomplete or not those of the lock file. */
export async function install() {
  if (isInstalled()) return;
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Failure('node_modules is a link to packages that do not match package-lock.json: install them there');
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const command = npm && node ? [node, npm] : ['npm'];
  const [program, ...args] = [...command, 'ci', '--ignore-scripts', '--loglevel=error'];
  await step('Installing packages', () => run(program, args, { cwd: root, stopSignal: 'KILL' })); // npm puts TERM off
}
