// Reads a Dockerfile: its stages and what each does, in order. What it does not know it refuses: a part that was left out would prove nothing.

/**
 * @typedef {{ name: 'COPY', from?: string, sources: string[], target: string }} Copy
 * @typedef {{ name: 'RUN', command: string }} Run
 * @typedef {{ name: 'WORKDIR', folder: string }} Workdir
 * @typedef {{ name: 'ENV', values: Record<string, string> }} Env
 * @typedef {Copy | Run | Workdir | Env} Step
 * @typedef {object} Stage
 * @property {string} from an image, or the name of an earlier stage
 * @property {string} [name]
 * @property {Step[]} steps what changes the files, or how the next ones run
 * @property {string} [user]
 * @property {string[]} entrypoint
 * @property {string[]} command
 * @property {string} stopSignal
 * @property {string[]} ports
 */

/** Lines with their continuations joined; comments and empty lines are gone. */
const linesOf = (text) =>
  text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim());

const words = (rest) => rest.split(/\s+/);

function execForm(name, rest) {
  const list = rest.startsWith('[') ? JSON.parse(rest) : undefined;
  if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list;
  throw new Error(`${name} ${rest}: only the exec form is read`);
}

/** @returns {Copy} */
function copyOf(rest) {
  const given = words(rest);
  const flags = given.filter((word) => word.startsWith('--'));
  const paths = given.slice(flags.length);
  const from = /^--from=(\S+)$/.exec(flags[0] ?? '')?.[1];
  if (flags.length > (from ? 1 : 0) || paths.length < 2) throw new Error(`COPY ${rest}: not read`);
  return { name: 'COPY', ...(from ? { from } : {}), sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** @returns {Env} */
function envOf(rest) {
  const pairs = words(rest).map((word) => /^(\w+)=([^"'$\\]*)$/.exec(word));
  if (pairs.some((pair) => !pair)) throw new Error(`ENV ${rest}: not read`);
  return { name: 'ENV', values: Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]])) };
}

/** @type {Record<string, (stage: Stage, rest: string) => unknown>} */
const readers = {
  COPY: (stage, rest) => stage.steps.push(copyOf(rest)),
  ENV: (stage, rest) => stage.steps.push(envOf(rest)),
  RUN: (stage, rest) => {
    if (/^(\[|--|<<)/.test(rest)) throw new Error(`RUN ${rest}: only the shell form is read`);
    stage.steps.push({ name: 'RUN', command: rest });
  },
  WORKDIR: (stage, rest) => {
    if (!rest.startsWith('/')) throw new Error(`WORKDIR ${rest}: not absolute`);
    stage.steps.push({ name: 'WORKDIR', folder: rest });
  },
  USER: (stage, rest) => (stage.user = rest),
  ENTRYPOINT: (stage, rest) => (stage.entrypoint = execForm('ENTRYPOINT', rest)),
  CMD: (stage, rest) => (stage.command = execForm('CMD', rest)),
  STOPSIGNAL: (stage, rest) => (stage.stopSignal = rest),
  EXPOSE: (stage, rest) => (stage.ports = words(rest)),
};

/** @returns {Stage} */
function stageOf(rest) {
  const [, from, name] = /^(\S+)(?: AS (\S+))?$/i.exec(rest) ?? [];
  if (!from) throw new Error(`FROM ${rest}: not read`);
  return { from, ...(name ? { name } : {}), steps: [], entrypoint: [], command: [], stopSignal: 'SIGTERM', ports: [] };
}

/**
 * @param {string} text
 * @returns {Stage[]} the last one is the image
 */
export function readDockerfile(text) {
  const stages = [];
  for (const line of linesOf(text)) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    const stage = stages.at(-1);
    if (name === 'FROM') stages.push(stageOf(rest));
    else if (!stage) throw new Error(`${line}: before the first FROM`);
    else if (!Object.hasOwn(readers, name)) throw new Error(`${line}: not read`);
    else readers[name]?.(stage, rest);
    for (const step of stage?.steps.slice(-1) ?? [])
      if (step.name === 'COPY' && step.from && !stages.slice(0, -1).some((earlier) => earlier.name === step.from))
        throw new Error(`${line}: there is no such stage before`);
  }
  if (stages.length === 0) throw new Error('no FROM');
  return stages;
}

/** All that ENV has said. @param {Stage} stage @returns {Record<string, string>} */
export const environmentOf = ({ steps }) =>
  Object.assign({}, ...steps.map((step) => (step.name === 'ENV' ? step.values : {})));

/** Where the last WORKDIR leads. @param {Stage} stage */
export const folderOf = ({ steps }) =>
  steps.reduce((folder, step) => (step.name === 'WORKDIR' ? step.folder : folder), '/');
