// What is checked by machine, and the counting of it. Each step's output is shown as it comes.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { install } from './install.mjs';
import { node24, root } from './project.mjs';
import { start } from './processes.mjs';

const bin = (name) => `node_modules/.bin/${name}`;
const tsc = 'node_modules/typescript7/bin/tsc'; // .bin/tsc is that of TypeScript 6

/** Checks that need no running program, fastest first; each is one passed or failed. */
const staticChecks = [
  ['format', [bin('prettier'), '--check', '--log-level=warn', '.']],
  ['lint', [bin('oxlint'), '--type-aware']],
  ['types', [tsc, '-p', 'tsconfig.json']],
  ['types of the web client', [tsc, '-p', 'web/tsconfig.json']],
  ['imports', [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'web']],
  ['unused code', [bin('knip')]],
];

/** @returns {Promise<boolean>} whether the command ended well */
async function succeeds(title, args) {
  console.log(`\n— ${title}`);
  const begun = Date.now();
  const code = await start(node24(), args, { cwd: root }).exited;
  console.log(`  ${title}: ${code === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  return code === 0;
}

const none = { passed: 0, failed: 0 };
const tally = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });
const add = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed });

/** Fails for a grave hole in what production runs; a registry that cannot be asked is neither a pass nor a failure. */
async function runAudit() {
  console.log('\n— audit of dependencies');
  const { asked, reason, findings } = await audit();
  if (!asked) {
    console.log(`  audit of dependencies: NOT CHECKED, this registry does not answer: ${reason}`);
    return none;
  }
  for (const finding of findings) console.log(`  ${finding}`);
  console.log(`  audit of dependencies: ${findings.length === 0 ? 'passed' : 'FAILED'}`);
  return tally(findings.length === 0);
}

/** The static checks, the audit, and that the generated files are those of the code. */
export async function runStaticChecks() {
  let sum = none;
  for (const [title, args] of staticChecks) sum = add(sum, tally(await succeeds(title, args)));
  sum = add(sum, await runAudit());
  return add(sum, tally(await succeeds('generated files', ['scripts/generate.mjs'])));
}

/**
 * Runs vitest and counts its tests; a file that does not load, or an error outside any test, counts as one failed.
 * @param {string[]} projects none: all of them
 */
export async function runTests(projects = []) {
  const report = join(root, '.artifacts/vitest.json');
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const selection = projects.map((name) => `--project=${name}`);
  const ok = await succeeds('tests', [bin('vitest'), 'run', ...reporters, ...selection]);
  if (!existsSync(report)) return tally(false);
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = numFailedTests + unloaded.length;
  return { passed: numPassedTests, failed: ok ? failed : Math.max(failed, 1) };
}

/** Runs suites one after the other and ends with one line for all. Gives the exit code: 1 if any failed. */
export async function runSuites(suites) {
  let sum = none;
  try {
    await install();
    for (const suite of suites) sum = add(sum, await suite());
  } catch (error) {
    console.error(`stoa: ${error.message}`);
    sum = add(sum, tally(false));
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 ? 1 : 0;
}
