// redis-server unpacked from the Debian archive into .data/redis-debian: no root, no change to the system.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../project.mjs';
import { Failure, run } from '../processes.mjs';
import { step } from '../progress.mjs';
import { onPath } from '../path.mjs';

const wayOut = 'install redis-server 7 or newer, or set REDIS_URL';
const folder = join(dataFolder, 'redis-debian');

/** Downloads what this machine lacks of redis-server and unpacks it below `into`. */
async function unpack(into) {
  for (const part of ['apt/lists/partial', 'apt/cache/archives/partial'])
    mkdirSync(join(into, part), { recursive: true });
  const settings = [`Dir::State::lists=${into}/apt/lists`, `Dir::Cache=${into}/apt/cache`, 'APT::Sandbox::User='];
  const apt = (...args) =>
    run('apt-get', [...settings.flatMap((setting) => ['-o', setting]), ...args], {
      cwd: into,
      env: { ...process.env, LC_ALL: 'C' },
    });
  await apt('update', '-qq');
  const plan = await apt('install', '--simulate', '--no-install-recommends', 'redis-server');
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
  await apt('download', '-qq', ...new Set(['redis-tools', ...missing])); // the program itself is in redis-tools
  for (const file of readdirSync(into).filter((name) => name.endsWith('.deb')))
    await run('dpkg-deb', ['-x', file, into], { cwd: into });
  rmSync(join(into, 'apt'), { recursive: true });
}

async function fetchOnce() {
  if (existsSync(folder)) return;
  if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new Failure(`no Redis on this machine: ${wayOut}`);
  mkdirSync(dataFolder, { recursive: true });
  const aside = mkdtempSync(`${folder}-`);
  try {
    await step('Fetching Redis from the Debian archive', () => unpack(aside));
    if (!existsSync(folder)) renameSync(aside, folder); // else another process was quicker
  } catch (error) {
    throw error instanceof Failure
      ? new Failure(`no Redis on this machine, and none to be had: ${wayOut}\n${error.message}`)
      : error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The private copy's program and the libraries that the machine itself may lack. */
export async function debianRedis() {
  await fetchOnce();
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
  return { program: join(folder, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: join(folder, 'usr/lib', triplet) } };
}
