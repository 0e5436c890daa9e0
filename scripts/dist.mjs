// What is in dist/: the compiled server with its Lua and SQL, and the web client.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { node24, root } from './project.mjs';
import { run } from './processes.mjs';
import { step } from './progress.mjs';

const dist = join(root, 'dist');
const stamp = join(dist, '.sources');
const assets = /\/(lua\/[^/]+\.lua|sql\/[^/]+\.sql)$/;

/** Paths of all files below `folder`, relative to the project. */
const filesBelow = (folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));

/** One digest of everything that the build reads. */
function digestOfSources() {
  const hash = createHash('sha256');
  const configuration = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const file of [...filesBelow('src'), ...filesBelow('web'), ...configuration].toSorted())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function isBuilt(digest) {
  try {
    return readFileSync(stamp, 'utf8') === digest;
  } catch {
    return false;
  }
}

/** Lua and SQL go beside the compiled code that reads them. */
function copyAssets() {
  for (const file of filesBelow('src').filter((path) => assets.test(path))) {
    const target = join(dist, file.slice('src/'.length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, file), target);
  }
}

/** For a watcher that is going to change dist/: the next `buildIfChanged` builds. */
export const forgetBuild = () => rmSync(stamp, { force: true });

/** Builds anew; the stamp comes last, so that an interrupted build is done again. */
export async function build(digest = digestOfSources()) {
  rmSync(dist, { recursive: true, force: true });
  const node = (...args) => run(node24(), args, { cwd: root, env: { ...process.env, NODE_ENV: 'production' } });
  const server = node('node_modules/typescript7/bin/tsc', '-p', 'tsconfig.build.json');
  const client = node('node_modules/vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts');
  await step('Building server and web client', () => Promise.all([server, client]));
  copyAssets();
  writeFileSync(stamp, digest);
}

/** Builds if a source has changed since the last build. */
export async function buildIfChanged() {
  const digest = digestOfSources();
  if (!isBuilt(digest)) await build(digest);
}

/** The benches and the simulator as JavaScript, in .artifacts/bench: what is measured must not be slowed by loading TypeScript. */
export const compileBench = () =>
  step('Compiling', () =>
    run(node24(), ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.bench.json'], { cwd: root }),
  );
