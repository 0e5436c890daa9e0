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
import { refuse } from './refuse.js';
import { runtimeFaults } from './runtime-check.js';
import { patiently } from './store-patience.js';

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
  refuse(runtimeFaults());
  const config = loadConfig();
  const { environment } = config.runtime;
  const facts = await inspected('Postgres', () => inspectDatabase(config.database.url, environment === 'test'));
  const redisFaults = await inspected('Redis', () => inspectRedis(config.redis.urls));
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

/** The line for a store that does not take this process in; it quotes nothing of the store's own words. */
export const notAccepted = (store: string, error: unknown): string =>
  `${store} does not accept this process (${(error as { code?: string }).code ?? 'no answer'})`;

/** What an inspection found; ends the process when the store does not let it look. */
async function inspected<T extends DatabaseFacts | string[]>(store: string, inspect: () => Promise<T>): Promise<T> {
  try {
    return await patiently(inspect, { ms: STORE_PATIENCE });
  } catch (error) {
    return refuse([notAccepted(store, error)]) as never;
  }
}
