import { buildIfChanged } from './dist.mjs';
import { start } from './processes.mjs';
import { node24, root } from './project.mjs';

/**
 * Runs a TypeScript program of this project against the build, with the arguments that the command was given.
 * @param {string} file
 * @returns {Promise<number>} its exit code
 */
export async function runTypescript(file) {
  await buildIfChanged();
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const hooks = ['--import', './scripts/typescript-hooks.mjs'];
  return start(node24(), [...flags, ...hooks, file, ...process.argv.slice(2)], { cwd: root }).exited;
}
