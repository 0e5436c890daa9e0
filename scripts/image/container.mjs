// Runs commands as a container runtime does: layers as root, own mounts and process ids, an unprivileged user without capabilities. Needs root.
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, pause, run, start } from '../processes.mjs';

const enter = fileURLToPath(new URL('enter.sh', import.meta.url));
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * @typedef {object} Place
 * @property {string[]} layers folders, the topmost first
 * @property {string} work a folder for what is only of use meanwhile
 * @property {string} [written] where changes go; without it the root is read-only
 * @property {string[]} [tmpfs]
 * @property {string[]} [binds] `here:there`
 */

/** @param {Place} place @param {Record<string, string>} env @param {readonly string[]} command */
function invocation({ layers, work, written = '', tmpfs = [], binds = [] }, env, command) {
  mkdirSync(work, { recursive: true });
  const mount = mkdtempSync(join(work, 'root-'));
  const settings = {
    LAYERS: layers.join(':'),
    WRITTEN: written,
    MOUNT: mount,
    TMPFS: tmpfs.join(' '),
    BINDS: binds.join(' '),
  };
  const args = ['--mount', '--pid', '--fork', '--kill-child=KILL', 'sh', enter, ...command];
  return { args, options: { cwd: '/', env: { PATH: path, ...env, ...settings } } };
}

/** A RUN of a Dockerfile. @param {Place} place @param {{ env: Record<string, string>, folder: string, command: string }} what */
export async function runInside(place, { env, folder, command }) {
  const { args, options } = invocation(place, { HOME: '/root', ...env }, ['sh', '-ec', `cd ${folder}\n${command}`]);
  return run('unshare', args, { ...options, stopSignal: 'KILL' });
}

/** Drops what compose.yml drops: cap_drop ALL, no-new-privileges. @param {string} user `uid:gid` */
function asUser(user) {
  const [uid, gid] = user.split(':');
  const nothing = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...nothing, '--'];
}

const programOf = (pid) => {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return ''; // ended meanwhile
  }
};

/** The process that is number 1 in there, as it is called out here: a child of unshare, once it has become what was asked for. */
async function firstProcess(pid) {
  for (let tries = 0; tries < 200; tries += 1) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const found = children.find((child) => programOf(child).endsWith('/node'));
    if (found) return Number(found);
    await pause(25);
  }
  throw new Failure('the container did not start');
}

/**
 * Starts a container; its output goes to `log` (a file descriptor).
 * @param {Place} place
 * @param {{ user: string, folder: string, env: Record<string, string>, command: readonly string[], log: number }} what
 */
export function startContainer(place, { user, folder, env, command, log }) {
  const inside = ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...asUser(user), ...command];
  const { args, options } = invocation(place, { HOME: '/home/node', ...env }, inside);
  const { child, exited, stop } = start('unshare', args, { ...options, output: log, stopSignal: 'KILL' });
  const within = (pid, words) => ['--target', `${pid}`, '--mount', '--pid', '--root', '--wdns=/', '--', ...words];
  return {
    exited,
    stop,
    pid: () => firstProcess(child.pid),
    /** What a command in there prints; as its user, or as the root that an attacker would like to be. */
    ask: async (words, { as = user } = {}) => {
      const whose = as === 'root' ? [] : asUser(as);
      return run('nsenter', within(await firstProcess(child.pid), [...whose, ...words]), {
        env: { PATH: path, ...env },
      });
    },
    /** Sends the signal to process 1, as `docker stop` does. @returns the exit code, and after how many ms */
    end: async (signal) => {
      const began = performance.now();
      process.kill(await firstProcess(child.pid), signal);
      return { code: await exited, ms: performance.now() - began };
    },
  };
}
