// Builds the stages of a Dockerfile without an engine: each is a layer over its base, in overlayfs.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure, run } from '../processes.mjs';
import { step as progress } from '../progress.mjs';
import { root } from '../project.mjs';
import { baseFor, imageFolder } from './base.mjs';
import { runInside } from './container.mjs';

/** What .dockerignore lets through: it names that alone. */
const context = () =>
  readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));

function fromContext(path) {
  const name = path.replace(/^\.\//, '');
  if (!context().includes(name)) throw new Failure(`COPY ${path}: .dockerignore does not let it through`);
  return join(root, name);
}

/** A path of a stage that was built: in one of its layers, whole. */
function fromStage({ layers, name }, path) {
  const found = layers.map((layer) => join(layer, path)).filter((place) => existsSync(place));
  if (found.length !== 1) throw new Failure(`COPY --from=${name} ${path}: in ${found.length} layers`);
  return found[0];
}

/** As COPY does: a folder's contents go into the target, a file goes there, or into it when it is a folder; all of it is root's. */
async function copy(sources, target) {
  const isFolder = target.endsWith('/') || sources.length > 1;
  for (const source of sources) {
    const [from, to] = statSync(source).isDirectory()
      ? [`${source}/.`, target]
      : [source, isFolder ? join(target, basename(source)) : target];
    mkdirSync(from === source ? join(to, '..') : to, { recursive: true });
    await run('cp', ['-R', '--no-target-directory', '--preserve=mode,timestamps,links', from, to]);
  }
}

/** How npm reaches its registry from here: as it does outside. Who builds an image elsewhere gives the same by other means. */
async function network() {
  const ask = async (key) => (await run('npm', ['config', 'get', key], { cwd: root })).trim();
  const asked = ['cafile', 'registry', 'proxy', 'https-proxy'].map(async (key) => [key, await ask(key)]);
  const given = Object.fromEntries((await Promise.all(asked)).filter(([, value]) => value !== 'null'));
  const cache = join(imageFolder, 'npm');
  mkdirSync(cache, { recursive: true });
  const { cafile } = given;
  const env = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [`npm_config_${key.replace('-', '_')}`, value]),
  );
  return {
    env: { ...env, npm_config_cache: '/tmp/npm', ...(cafile ? { npm_config_cafile: '/tmp/ca.pem' } : {}) },
    binds: [`${cache}:/tmp/npm`, '/etc/resolv.conf:/etc/resolv.conf', ...(cafile ? [`${cafile}:/tmp/ca.pem`] : [])],
  };
}

/** Does one step of a stage; `state` is what the next ones go by. */
async function take(step, state, { built, toRegistry }) {
  if (step.name === 'ENV') Object.assign(state.env, step.values);
  if (step.name === 'WORKDIR') mkdirSync(join(state.own, (state.folder = step.folder)), { recursive: true });
  if (step.name === 'COPY') {
    const stage = built.find(({ name }) => name === step.from);
    const places = step.sources.map((path) => (stage ? fromStage(stage, path) : fromContext(path)));
    const target = join(state.own, resolve(state.folder, step.target));
    await copy(places, step.target.endsWith('/') ? `${target}/` : target);
  }
  if (step.name === 'RUN') {
    const place = {
      layers: state.below,
      written: state.own,
      work: state.work,
      tmpfs: ['/tmp'],
      binds: toRegistry.binds,
    };
    const what = { env: { ...toRegistry.env, ...state.env }, folder: state.folder, command: step.command };
    await progress(`${state.name}: RUN ${step.command}`, () => runInside(place, what));
  }
}

/**
 * Builds every stage, step by step.
 * @param {import('./dockerfile.mjs').Stage[]} stages
 * @param {string} folder for their layers
 * @returns {Promise<string[]>} the layers of the last one, the topmost first
 */
export async function buildStages(stages, folder) {
  const toRegistry = await network();
  const built = [];
  for (const [i, { name = 'image', from, steps }] of stages.entries()) {
    const below = built.find((earlier) => earlier.name === from)?.layers ?? [await baseFor(from)];
    const own = join(folder, `${i}-${name}`);
    mkdirSync(own, { recursive: true });
    const state = { name, below, own, work: join(folder, 'work'), folder: '/', env: {} };
    for (const step of steps) await take(step, state, { built, toRegistry });
    built.push({ name, layers: [own, ...below] });
  }
  return built.at(-1)?.layers ?? [];
}
