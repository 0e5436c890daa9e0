import { access, constants, mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { StoaConfig } from './config/config.types.js';
import { localSecretKeys } from './config/local-secret-keys.js';
import { ConfigInvalid, readConfig } from './config/read-config.js';
import { inspectDatabase } from './platform/postgres/boot-check.js';
import type { DatabaseFacts } from './platform/postgres/boot-check.js';
import { createDataSource } from './platform/postgres/data-source.js';
import { startTracing } from './platform/tracing/start-tracing.js';
import { inspectRedis } from './platform/redis/boot-check.js';

/** sysexits' EX_CONFIG: the settings or the stores must be mended before a start can succeed. */
const EXIT_CONFIG = 78;

/** How long a start waits for a store that does not answer (ms). */
const STORE_PATIENCE = 30_000;

/** How long it waits for a folder (ms). */
const FOLDER_PATIENCE = 3_000;

/** What the two roots are built from. */
export interface Boot {
  config: StoaConfig;
  source: DataSource;
}

/** What a process has before Nest starts. */
export interface Started extends Boot {
  /** Delivers the last traces; after everything else has ended. */
  stopTracing: () => Promise<void>;
}

/** Reads the settings, inspects the stores and opens the pool; or says why not, one line per fault, and ends the process. */
export async function boot(role: 'api' | 'worker'): Promise<Started> {
  const config = loadConfig();
  const { environment } = config.runtime;
  const facts = await patiently('Postgres', () => inspectDatabase(config.database.url, environment === 'test'));
  const redisFaults = await patiently('Redis', () => inspectRedis(config.redis.urls));
  const roleFaults = environment === 'production' ? facts.roleFaults : [];
  refuse([...facts.faults, ...roleFaults, ...redisFaults, ...(role === 'worker' ? await inspectMailDir(config) : [])]);
  const source = createDataSource({ url: config.database.url, applicationName: `stoa-${role}`, facts });
  await source.initialize();
  const { tracesUrl } = config.runtime;
  const stopTracing = tracesUrl === undefined ? () => Promise.resolve() : startTracing(tracesUrl, role);
  return { config, source, stopTracing };
}

/** The settings of this process's environment; ends the process when they are wrong. */
export function loadConfig(): StoaConfig {
  const local =
    process.env['NODE_ENV'] === 'production' || process.env['SECRET_KEYS'] ? {} : { SECRET_KEYS: localSecretKeys() };
  try {
    return readConfig({ ...process.env, ...local });
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return refuse(error.faults) as never;
  }
}

/** The worker writes mails there, when no server takes them. */
async function inspectMailDir({ mail }: StoaConfig): Promise<string[]> {
  if (mail.smtpUrl !== undefined) return [];
  const isWritable = await Promise.race([
    mkdir(mail.dir, { recursive: true })
      .then(() => access(mail.dir, constants.W_OK))
      .then(
        () => true,
        () => false,
      ),
    // Node's mkdir never ends in a file system that takes no folders, such as /proc.
    sleep(FOLDER_PATIENCE, false, { ref: false }),
  ]);
  return isWritable ? [] : ['MAIL_DIR is no folder that this process can write to'];
}

/** Ends the process when there is a fault, one readable line for each. */
export function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  for (const fault of faults) process.stderr.write(`stoa: ${fault}\n`);
  process.exit(EXIT_CONFIG);
}

async function patiently<T extends DatabaseFacts | string[]>(store: string, inspect: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + STORE_PATIENCE;
  for (;;) {
    try {
      return await inspect();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      // A wrong password, name or role does not mend by waiting: SQLSTATE 28… and 3D….
      const hopeless = /^(28|3D)/.test(code ?? '') || /WRONGPASS|NOAUTH/.test(message);
      if (hopeless || performance.now() > deadline)
        refuse([`${store} does not accept this process (${code ?? 'no answer'})`]);
      await sleep(500);
    }
  }
}
