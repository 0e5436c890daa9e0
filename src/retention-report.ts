import { loadConfig, notAccepted } from './boot.js';
import { RetentionLag } from './cleanup/retention-lag.service.js';
import { Log } from './platform/logging/log.js';
import { Metrics } from './platform/metrics/metrics.js';
import { inspectDatabase } from './platform/postgres/boot-check.js';
import { createDataSource } from './platform/postgres/data-source.js';
import { Database } from './platform/postgres/database.js';
import { createRedis } from './platform/redis/redis-connection.js';
import { refuse } from './refuse.js';
import { isHopeless } from './store-patience.js';

// npm run retention:report: whether what must be forgotten is, as Postgres and Redis have it now. Exit code 1 when a class is late, or could not be seen.

const { runtime, conversation, database: settings, redis: redisSettings, session } = loadConfig();
const { role } = await inspectDatabase(settings.url, true).catch((error: Error) => {
  if (isHopeless(error)) refuse([notAccepted('Postgres', error)]);
  process.stderr.write(`stoa: nothing could be seen: ${error.message}\n`);
  return process.exit(1);
});
const facts = role ? { role } : {};
const source = createDataSource({ url: settings.url, applicationName: 'stoa-report', facts });
await source.initialize();
// Without it, the classes of Postgres are told.
const redis = createRedis(redisSettings.urls, 'request', () => undefined);
await redis.connect().catch(() => undefined);
const classes = await new RetentionLag(
  new Database(source),
  redis,
  new Log(runtime),
  conversation,
  session,
  new Metrics(),
).report();
await source.destroy();
redis.disconnect();

/** `3 h 5 min`, `40 s`. */
function inWords(seconds: number): string {
  const [minutes, hours, days] = [seconds / 60, seconds / 3_600, seconds / 86_400];
  if (days >= 2) return `${Math.floor(days)} d`;
  if (hours >= 1) return `${Math.floor(hours)} h ${Math.floor(minutes % 60)} min`;
  return minutes >= 1 ? `${Math.floor(minutes)} min` : `${Math.floor(seconds)} s`;
}

const verdictOf = ({ seconds, withinSeconds }: (typeof classes)[number]): string => {
  if (seconds === undefined) return 'UNSEEN: its store did not say';
  if (seconds === null) return 'ok: none';
  if (seconds <= 0) return `ok: the next one goes in ${inWords(-seconds)}`;
  return `${seconds > withinSeconds ? 'LATE' : 'ok'}: over for ${inWords(seconds)}, may be for ${inWords(withinSeconds)}`;
};

for (const row of classes) console.log(`${row.name.padEnd(24)}${verdictOf(row).padEnd(48)}${row.limit}`);
const isWell = ({ seconds, withinSeconds }: (typeof classes)[number]): boolean =>
  seconds !== undefined && (seconds ?? 0) <= withinSeconds;
process.exitCode = classes.every(isWell) ? 0 : 1;
