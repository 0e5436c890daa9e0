// docs/capacity.md from the figures of the last scale run, the manifest of the api and the delivery bench: each part between its marks.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putBetween } from '../marked-text.mjs';
import { Failure, run } from '../processes.mjs';
import { node24, root } from '../project.mjs';
import { sayIdle, sayMillion, sayStages } from './capacity.mjs';

const page = 'docs/capacity.md';
const figures = 'bench/results-scale.json';

const read = (file) => readFileSync(join(root, file), 'utf8');

/** The one match of a pattern in a file, as numbers. */
function numbersOf(file, pattern) {
  const found = pattern.exec(read(file));
  if (!found) throw new Failure(`${file} has no ${pattern}`);
  return found.slice(1).map(Number);
}

/** @returns {import('./capacity.mjs').Manifest} */
function manifest() {
  const file = 'deploy/kubernetes/api.yml';
  const [target] = numbersOf(
    file,
    /stoa_presence_connections \}, target: \{ type: AverageValue, averageValue: '(\d+)'/,
  );
  const [millicores, limitMiB] = numbersOf(file, /requests: \{ cpu: (\d+)m, .*limits: \{ memory: (\d+)Mi \}/);
  const [percent] = numbersOf(file, /name: cpu, target: \{ type: Utilization, averageUtilization: (\d+)/);
  return { target, limitMiB, requestedCores: millicores / 1_000, cpuTarget: percent / 100 };
}

/** @returns {import('./capacity.mjs').Saturated} */
function saturated() {
  const [api, postgres] = numbersOf(
    'bench/results.md',
    /^\| Stoa × 2, every message crosses \| (\d+) \|[^|]*\|[^|]*\| (\d+) \|/m,
  );
  return { api, postgres };
}

/** @returns {import('./capacity.mjs').Run} the last run */
export const lastRun = () => JSON.parse(read(figures));

/** The page as it must be. */
export function pageOf(scale = lastRun()) {
  const parts = {
    scale: sayStages(scale),
    idle: sayIdle(scale, manifest()),
    million: sayMillion(scale, manifest(), saturated()),
  };
  return Object.entries(parts).reduce((whole, [mark, text]) => putBetween(whole, mark, text), read(page));
}

/** Keeps the figures of a run and writes the page anew. @param {import('./capacity.mjs').Run} [scale] default: only the page, from the last run */
export async function writePage(scale = lastRun()) {
  const text = pageOf(scale);
  writeFileSync(join(root, figures), JSON.stringify(scale));
  writeFileSync(join(root, page), text);
  await run(node24(), ['node_modules/prettier/bin/prettier.cjs', '--write', page, figures], { cwd: root });
}
