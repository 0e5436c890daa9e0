// Programs unpacked from the Debian archive into .data/debian-*: no root, no change to the system.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../project.mjs';
import { Failure, run } from '../processes.mjs';
import { step } from '../progress.mjs';
import { onPath } from '../path.mjs';

/** Downloads what this machine lacks of a package and unpacks it below `into`. */
async function unpack({ name, parts = [] }, into) {
  for (const part of ['apt/lists/partial', 'apt/cache/archives/partial'])
    mkdirSync(join(into, part), { recursive: true });
  const settings = [`Dir::State::lists=${into}/apt/lists`, `Dir::Cache=${into}/apt/cache`, 'APT::Sandbox::User='];
  const apt = (...args) =>
    run('apt-get', [...settings.flatMap((setting) => ['-o', setting]), ...args], {
      cwd: into,
      env: { ...process.env, LC_ALL: 'C' },
    });
  await apt('update', '-qq');
  const plan = await apt('install', '--simulate', '--no-install-recommends', name);
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
  await apt('download', '-qq', ...new Set([...parts, ...missing]));
  for (const file of readdirSync(into).filter((name) => name.endsWith('.deb')))
    await run('dpkg-deb', ['-x', file, into], { cwd: into });
  rmSync(join(into, 'apt'), { recursive: true });
}

async function fetchOnce(wanted, folder) {
  if (existsSync(folder)) return;
  const { name, wayOut } = wanted;
  if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new Failure(`no ${name} on this machine: ${wayOut}`);
  mkdirSync(dataFolder, { recursive: true });
  const aside = mkdtempSync(`${folder}-`);
  try {
    await step(`Fetching ${name} from the Debian archive`, () => unpack(wanted, aside));
    if (!existsSync(folder)) renameSync(aside, folder); // else another process was quicker
  } catch (error) {
    throw error instanceof Failure
      ? new Failure(`no ${name} on this machine, and none to be had: ${wayOut}\n${error.message}`)
      : error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/**
 * A private copy of a Debian package, with the libraries that the machine itself may lack.
 * @param {{ name: string, parts?: string[], wayOut: string }} wanted `parts`: packages that are needed even where the machine has them
 * @returns {Promise<{ folder: string, env: Record<string, string> }>} where it lies unpacked, and what its programs need in their environment
 */
export async function debianPackage(wanted) {
  const folder = join(dataFolder, `debian-${wanted.name}`);
  await fetchOnce(wanted, folder);
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
  return { folder, env: { LD_LIBRARY_PATH: join(folder, 'usr/lib', triplet) } };
}
